// Databases that do not let us in.
import { expect, test } from "vitest";
import { runContainer } from "../support/docker.ts";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { type Failure, failsWith } from "./failure.ts";
import { type ProjectOptions, startProject } from "./project-subject.ts";

const UNAVAILABLE: Failure = { status: 69, code: "DJINIT_DATABASE_UNAVAILABLE" };
const REFUSED: Failure = { status: 69, code: "DJINIT_DATABASE_REFUSED_LOGIN" };
/** What the boot takes besides the waiting, on a busy machine. */
const ROOM_MS = 3_000;

/** The failure, and how long it took by the container's own clock. */
async function failureOf(DATABASE_URL: string, failure: Failure, options: ProjectOptions = {}) {
  await using container = await startProject({
    ...options,
    env: { DATABASE_URL, DJINIT_DATABASE_TIMEOUT: "2", ...options.env },
  });
  const error = await failsWith(container, failure);
  const { StartedAt, FinishedAt } = (await container.inspect()).State as unknown as Record<string, string>;
  return { error, tookMs: Date.parse(FinishedAt ?? "") - Date.parse(StartedAt ?? "") };
}

test("a host that does not exist, a port nobody listens on, a server that never answers: given up in time", async () => {
  const { host } = runContext().postgres ?? {};
  await using silent = await runContainer({
    image: runContext().images.djinit,
    entrypoint: "python",
    // The kernel completes the connection; nobody ever reads it.
    command: ["-c", "import socket, time; s = socket.create_server(('', 5432)); time.sleep(600)"],
    publish: [],
  });
  const [nowhere, closed, mute] = await Promise.all([
    failureOf("postgres://u:hunter2@no-such-host.invalid/cakes", UNAVAILABLE),
    failureOf(`postgres://u:hunter2@${host}:5433/cakes`, UNAVAILABLE),
    failureOf(`postgres://u:hunter2@${silent.name}/cakes`, UNAVAILABLE),
  ]);
  expect(nowhere.error.msg).toMatch(
    /cannot reach database no-such-host\.invalid:5432\/cakes within 2 s: .*host/,
  );
  expect(closed.error.msg).toContain("connection refused");
  for (const { error, tookMs } of [nowhere, closed, mute]) {
    expect(tookMs).toBeGreaterThanOrEqual(1_900);
    expect(tookMs).toBeLessThan(2_000 + ROOM_MS);
    expect(JSON.stringify(error)).not.toContain("hunter2");
  }
});

test("a celery worker waits for the database too, and gives up the same way", async () => {
  const { error } = await failureOf("postgres://u:p@no-such-host.invalid/cakes", UNAVAILABLE, {
    command: ["celery", "worker"],
  });
  expect(error.msg).toContain("no-such-host.invalid");
});

test("a wrong password and a database that does not exist are not waited for", async () => {
  const { name, url } = await createDatabase();
  const within = { env: { DJINIT_DATABASE_TIMEOUT: "60" } };
  const [password, database, user] = await Promise.all([
    failureOf(url.replace(/:[^:@]*@/, ":hunter2@"), REFUSED, within),
    failureOf(url.replace(name, "no_such_cakes"), REFUSED, within),
    failureOf(url.replace(/\/\/.*@/, "//nobody:hunter2@"), REFUSED, within),
  ]);
  expect(password.error.msg).toContain("wrong password");
  expect(database.error.msg).toContain('database "no_such_cakes" does not exist');
  expect(user.error.msg).toContain("nobody");
  for (const { error, tookMs } of [password, database, user]) {
    expect(tookMs).toBeLessThan(10_000);
    expect(JSON.stringify(error)).not.toContain("hunter2");
  }
});

test("too many connections, and a server that is not up yet, are waited for and told apart", async () => {
  const { name, query, url } = await createDatabase();
  const role = `baker_${name}`;
  await query(`create role ${role} login password 'p' connection limit 0`);
  await using standby = await runContainer({
    image: runContext().images.postgres,
    env: { POSTGRES_PASSWORD: "p" },
    entrypoint: "sh",
    // A standby lets nobody in before it has caught up with a server that is not there.
    command: [
      "-c",
      `sed 's/^exec/touch $PGDATA\\/standby.signal; exec/' /usr/local/bin/start-postgres.sh > /tmp/start.sh
       exec sh /tmp/start.sh -c hot_standby=off -c restore_command=false`,
    ],
    publish: [],
  });
  const [full, starting] = await Promise.all([
    failureOf(url.replace(/\/\/.*@/, `//${role}:p@`), UNAVAILABLE),
    failureOf(`postgres://postgres:p@${standby.name}/postgres`, UNAVAILABLE, {
      env: { DJINIT_DATABASE_TIMEOUT: "5" },
    }),
  ]);
  expect(full.error.msg).toContain("too many connections");
  expect(starting.error.msg).toContain("the server is starting up or shutting down");
});

test("a database of another kind is waited for by Django's own connection", async () => {
  await using container = await startProject({
    files: {
      "/app/elsewhere.py":
        "from cake_service.settings import *\nDATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'HOST': 'no-such-host.invalid', 'NAME': 'cakes'}}\n",
    },
    env: { DJANGO_SETTINGS_MODULE: "elsewhere", DJINIT_DATABASE_TIMEOUT: "2" },
  });
  const error = await failsWith(container, UNAVAILABLE);
  expect(error.msg).toMatch(/^cannot reach database .* within 2 s/);
  expect(error.msg).toContain("no-such-host.invalid");
});
