// gunicorn loads itself beside the boot, and the application only when the boot is over.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Container, createContainer, runContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { createDatabase } from "../support/postgres.ts";
import { type Process, processTable } from "../support/proc.ts";
import { runContext } from "../support/run-context.ts";
import { isReady, mainPid, serves } from "./cake-subject.ts";
import { failsWith } from "./failure.ts";
import { startProject, startReadyProject } from "./project-subject.ts";

/** The example's application, which says when it is loaded. */
const TALKATIVE = {
  "/app/talkative.py":
    'print("the application is loaded", flush=True)\nfrom cake_service.wsgi import application\n',
};
const COMMAND = ["talkative:application"];
const GUNICORN_CONFIG = "/etc/gunicorn/config.py";

const isLoaded = ({ msg }: { msg: string }) => msg === "the application is loaded";

async function postgresToStart(): Promise<{ server: Container; url: string; start: () => Promise<unknown> }> {
  const server = await createContainer({
    image: runContext().images.postgres,
    env: { POSTGRES_PASSWORD: "postgres" },
    publish: [],
  });
  const url = `postgres://postgres:postgres@${server.name}/postgres`;
  return { server, url, start: () => docker("start Postgres", ["start", server.id]) };
}

/** gunicorn, when it has nothing left to do but to wait. */
function waitingGunicorn(container: Container): Promise<Process> {
  return eventually(
    async () => {
      const found = (await processTable(container)).find(({ argv }) =>
        argv.some((word) => word.endsWith("/gunicorn")),
      );
      return found?.state === "S" ? found : false;
    },
    { what: "gunicorn waits", timeoutMs: 20_000, attach: () => container.logs() },
  ) as Promise<Process>;
}

test("while the database is waited for gunicorn waits too; the migrations come before the application", async () => {
  const { server, url, start } = await postgresToStart();
  await using _ = server;
  await using container = await startProject({
    command: COMMAND,
    files: TALKATIVE,
    publish: [8000],
    env: { DATABASE_URL: url, SUPERUSER_PASSWORD: "only-for-the-boot" },
  });
  await container.record("waiting", ({ msg }) => msg.startsWith("waiting for database"));
  const gunicorn = await waitingGunicorn(container);
  expect(gunicorn).toMatchObject({
    user: "django",
    group: "django",
    capEff: 0n,
    noNewPrivs: true,
  });
  const environ = await container.output(["cat", `/proc/${gunicorn.pid}/environ`], { user: "django" });
  expect(environ).not.toContain("only-for-the-boot");
  expect((await container.records()).filter(isLoaded)).toEqual([]);

  await start();
  await serves(container);
  const records = await container.records();
  const messages = records.map(({ msg }) => msg);
  const applied = messages.findLastIndex((msg) => / applied in /.test(msg));
  expect(applied).toBeGreaterThan(0);
  expect(messages.indexOf("the application is loaded")).toBeGreaterThan(applied);
  // Taken over, not started anew.
  const started = records.filter(({ msg }) => msg === "gunicorn started");
  expect(started).toMatchObject([{ target_pid: gunicorn.pid }]);
  expect(await mainPid(container, "gunicorn")).toBe(gunicorn.pid);
  // What was for the gate alone is closed and forgotten.
  const descriptors = await container.output(["ls", "-l", `/proc/${gunicorn.pid}/fd`], { user: "django" });
  expect(descriptors.match(/pipe:\[\d+\]/g)?.length, descriptors).toBeLessThanOrEqual(4);
  expect(await container.stop()).toBe(0);
});

test("a boot that fails has not loaded the application", async () => {
  const { url } = await createDatabase();
  await using container = await startProject({
    command: COMMAND,
    files: TALKATIVE,
    fixture: "troubled",
    env: { DATABASE_URL: url, DJANGO_SETTINGS_MODULE: "troubled.settings", TROUBLE: "sql" },
  });
  await failsWith(container, { status: 80, code: "DJINIT_MIGRATION_FAILED" });
  expect((await container.records()).filter(isLoaded)).toEqual([]);
});

test("a gunicorn that dies during the boot is started anew after it", async () => {
  const { server, url, start } = await postgresToStart();
  await using _ = server;
  await using container = await startProject({ publish: [8000], env: { DATABASE_URL: url } });
  const { pid } = await waitingGunicorn(container);
  await container.output(["kill", "-9", String(pid)], { user: "root" });
  await start();
  await serves(container);
  expect(await mainPid(container, "gunicorn")).not.toBe(pid);
  const table = await processTable(container);
  expect(table.filter(({ state }) => state === "Z")).toEqual([]);
});

test("the end of the one that was taken over is noticed, and its status", async () => {
  await using container = await startReadyProject();
  await container.output(["kill", "-9", String(await mainPid(container, "gunicorn"))], { user: "root" });
  await container.record("backoff", ({ msg }) =>
    msg.startsWith("gunicorn ended with status 137, starting it again"),
  );
});

test("one that dies between the boot and its successor is known by its status, and replaced", async () => {
  const ours = await readFile(join(import.meta.dirname, "../../docker/etc/gunicorn/config.py"), "utf8");
  // The first one dies as soon as it is let through. A file that does not hold its worker waits itself.
  const dies = `${ours.replaceAll("djinit_hold", "held_by_nobody")}
if not Path("/run/gunicorn/once").exists():
    Path("/run/gunicorn/once").touch()
    os._exit(7)
`;
  await using container = await startReadyProject({ publish: [8000], files: { [GUNICORN_CONFIG]: dies } });
  await container.record("backoff", ({ msg }) =>
    msg.startsWith("gunicorn ended with status 7, starting it again"),
  );
  await serves(container);
});

test("one that the gate's own opening finds dead is replaced as any service is", async () => {
  const { server, url, start } = await postgresToStart();
  await using _ = server;
  await using container = await startProject({ publish: [8000], env: { DATABASE_URL: url } });
  const { pid } = await waitingGunicorn(container);
  // It dies of the first thing it does behind the gate.
  await container.output(["sh", "-c", "rm -rf /run/gunicorn && touch /run/gunicorn"], { user: "root" });
  await start();
  const backoff = await container.record(
    "backoff",
    ({ msg }) => msg.startsWith("gunicorn ended with status"),
    60_000,
  );
  expect(backoff["exit_status"]).not.toBe(0);
  await container.output(
    ["sh", "-c", "rm /run/gunicorn && mkdir /run/gunicorn && chown django:django /run/gunicorn"],
    {
      user: "root",
    },
  );
  await eventually(async () => (await mainPid(container, "gunicorn")) !== pid, { what: "another gunicorn" });
});

test("gunicorn's file may be the user's own: then gunicorn is started after the boot", async () => {
  const { server, url, start } = await postgresToStart();
  await using _ = server;
  await using container = await startProject({
    command: COMMAND,
    publish: [8000],
    files: { ...TALKATIVE, [GUNICORN_CONFIG]: 'bind = "unix:/run/gunicorn/gunicorn.sock"\numask = 0o117\n' },
    env: { DATABASE_URL: url },
  });
  await container.record("waiting", ({ msg }) => msg.startsWith("waiting for database"));
  expect(
    (await processTable(container)).filter(({ argv }) => argv.some((word) => word.endsWith("/gunicorn"))),
  ).toEqual([]);
  await start();
  await serves(container);
  // Nobody else holds the socket that it opens: its first probe reaches gunicorn, and not a socket that nobody serves.
  const ready = await container.record("readiness", isReady);
  const started = await container.record("the start", ({ msg }) => msg === "gunicorn started");
  expect(Date.parse(ready.time) - Date.parse(started.time)).toBeLessThan(4_000);
  const messages = (await container.records()).map(({ msg }) => msg);
  const applied = messages.findLastIndex((msg) => / applied in /.test(msg));
  expect(messages.indexOf("the application is loaded")).toBeGreaterThan(applied);
});

// Negative control: what the first test looks for is there to be seen when nothing waits.
test("a file that only names the gate loads the application before the database is there", async () => {
  const { server, url } = await postgresToStart();
  await using _ = server;
  // A socket of its own: gunicorn's default is nginx's port.
  const config = [
    "# DJINIT_LISTEN_FDS djinit_gate",
    'bind = "unix:/tmp/own.sock"',
    'errorlog = "/tmp/errors"',
  ].join("\n");
  await using container = await startProject({
    command: COMMAND,
    files: { ...TALKATIVE, [GUNICORN_CONFIG]: `${config}\n` },
    env: { DATABASE_URL: url },
  });
  await container.record("waiting", ({ msg }) => msg.startsWith("waiting for database"));
  await eventually(
    async () => (await container.exec(["grep", "-q", "Booting worker", "/tmp/errors"], { user: "root" })).ok,
    { what: "a worker during the boot", timeoutMs: 20_000, attach: () => container.logs() },
  );
});

/** Runs djinit_gate.py with a pipe as its gate; prints which modules it has loaded, and whether it goes on. */
const AT_THE_GATE = `
import os, runpy, sys, threading, time
sys.path[:0] = sys.argv[2:]
gate, key = os.pipe()
os.environ["DJINIT_GATE_FD"] = str(gate)
def open_later():
    time.sleep(1.5)
    os.write(key, b"1") if sys.argv[1] == "open" else None
    os.close(key)
threading.Thread(target=open_later).start()
before = set(sys.modules)
runpy.run_path("/usr/local/lib/djinit/djinit_gate.py")
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
from django.conf import settings
print("through", *sorted(loaded & {"django", "psycopg"}), settings.configured, "DJINIT_GATE_FD" in os.environ)
`;

test("at the gate: what nearly every project needs is loaded, without settings; gevent forbids it; a closed one ends it", async () => {
  await using container = await runContainer({
    image: runContext().images.example,
    entrypoint: "sleep",
    command: ["600"],
    publish: [],
  });
  const python = async (...words: string[]) => container.exec(["python", "-c", AT_THE_GATE, ...words]);
  expect((await python("open")).stdout).toBe("through django psycopg False False");
  await container.output(["sh", "-c", "mkdir /tmp/patched && touch /tmp/patched/gevent.py"]);
  expect((await python("open", "/tmp/patched")).stdout).toBe("through False False");
  expect(await python("close")).toMatchObject({ ok: true, stdout: "" });
});
