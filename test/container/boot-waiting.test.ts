// The database comes late, or never, or hangs; the container is told to stop meanwhile.
import { expect, test } from "vitest";
import { createContainer, runContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { failsWith } from "./failure.ts";
import { startProject, startReadyProject } from "./project-subject.ts";

const TROUBLED = { fixture: "troubled" };
const SETTINGS = { DJANGO_SETTINGS_MODULE: "troubled.settings" };

test("a database that comes up late is waited for", async () => {
  await using server = await createContainer({
    image: runContext().images.postgres,
    env: { POSTGRES_PASSWORD: "postgres" },
    publish: [],
  });
  await using container = await startProject({
    env: { DATABASE_URL: `postgres://postgres:postgres@${server.name}/postgres` },
  });
  const waiting = await container.record("waiting", ({ msg }) => msg.startsWith("waiting for database"));
  expect(waiting).toMatchObject({ level: "info", database: `${server.name}:5432/postgres` });
  await docker("start Postgres", ["start", server.id]);
  await container.record("readiness", ({ msg }) => msg.startsWith("ready: "), 60_000);
});

test("a server that lets in encrypted connections only is waited for as psycopg connects: encrypted", async () => {
  const script = `echo "hostssl all all all scram-sha-256" > /tmp/hba
    exec sh /usr/local/bin/start-postgres.sh -c hba_file=/tmp/hba -c ssl=on \
      -c ssl_cert_file=/etc/ssl/certs/ssl-cert-snakeoil.pem -c ssl_key_file=/etc/ssl/private/ssl-cert-snakeoil.key`;
  await using server = await runContainer({
    image: runContext().images.postgres,
    env: { POSTGRES_PASSWORD: "postgres" },
    entrypoint: "sh",
    command: ["-c", script],
    publish: [],
  });
  const base = `postgres://postgres:postgres@${server.name}/postgres`;
  await using plain = await startProject({
    env: { DATABASE_URL: `${base}?sslmode=disable`, DJINIT_DATABASE_TIMEOUT: "20" },
  });
  const error = await failsWith(plain, { status: 69, code: "DJINIT_DATABASE_REFUSED_LOGIN" });
  expect(error.msg).toContain("no encryption");
  const urls = [base, `${base}?sslmode=require`];
  for (const DATABASE_URL of urls) {
    await using container = await startReadyProject({ env: { DATABASE_URL } });
    expect((await container.records()).filter(({ level }) => level === "error")).toEqual([]);
  }
});

test("sslmode=prefer takes a server that does not encrypt", async () => {
  const { url } = await createDatabase();
  await using container = await startReadyProject({ env: { DATABASE_URL: `${url}?sslmode=prefer` } });
  await container.record("the database", ({ msg }) => / answers$/.test(msg));
});

test("TERM while the database is waited for stops the container at once, cleanly", async () => {
  await using silent = await runContainer({
    image: runContext().images.djinit,
    entrypoint: "python",
    command: ["-c", "import socket, time; s = socket.create_server(('', 5432)); time.sleep(600)"],
    publish: [],
  });
  const hosts = ["no-such-host.invalid", silent.name];
  await Promise.all(
    hosts.map(async (host) => {
      await using container = await startProject({
        env: { DATABASE_URL: `postgres://u:p@${host}/cakes` },
      });
      // The silent one does not answer the first attempt, of which nothing is said yet.
      const isWaiting = host === silent.name ? connected(silent) : saysSo(container);
      await isWaiting;
      const startedMs = performance.now();
      expect(await container.stop()).toBe(0);
      expect(performance.now() - startedMs).toBeLessThan(3_000);
      const last = (await container.records()).at(-1);
      expect(last).toMatchObject({ level: "info", exit_status: 0, msg: "stopped during the boot: SIGTERM" });
    }),
  );
});

type Waiter = Awaited<ReturnType<typeof startProject>>;

const saysSo = (container: Waiter) =>
  container.record("waiting", ({ msg }) => msg.startsWith("waiting for database"));

/** Somebody has connected: in /proc/net/tcp the line of an established connection (01) to port 5432 (1538). */
const connected = (server: Waiter) =>
  eventually(
    async () => / [0-9A-F]{8}:1538 [0-9A-F:]+ 01 /.test(await server.output(["cat", "/proc/net/tcp"])),
    {
      what: "a connection",
    },
  );

test("TERM during a migration: it is rolled back, nothing of it is left in the server, the next start goes on", async () => {
  const database = await createDatabase();
  const env = { ...SETTINGS, DATABASE_URL: database.url };
  const tables = async () =>
    (
      await database.query<{ name: string }>(
        "select tablename as name from pg_tables where tablename like 'troubled%' order by 1",
      )
    ).map(({ name }) => name);
  const sessions = () =>
    database.query(
      "select pid, query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
  {
    await using container = await startProject({ ...TROUBLED, env: { ...env, TROUBLE: "sleep" } });
    await eventually(async () => (await sessions()).some(({ query }) => query.includes("pg_sleep")), {
      what: "the migration sleeps",
      timeoutMs: 60_000,
      attach: () => container.logs(),
    });
    const startedMs = performance.now();
    expect(await container.stop()).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    const errors = (await container.records()).filter(({ level }) => level === "error");
    expect(errors).toEqual([]);
  }
  // At once, not when the query would have ended.
  await eventually(async () => (await sessions()).length === 0, {
    what: "no session is left",
    timeoutMs: 2_000,
  });
  expect(await tables()).toEqual(["troubled_fine"]);
  await using container = await startReadyProject({ ...TROUBLED, env });
  expect(await tables()).toEqual(["troubled_fine", "troubled_half"]);
  const applied = (await container.records()).filter(({ migration }) => migration !== undefined);
  expect(applied.map(({ migration }) => migration)).toEqual(["troubled.0002_trouble"]);
});

test("a migration that does not stop is killed when the grace period is over, and the exit status says so", async () => {
  await using container = await startProject({
    ...TROUBLED,
    env: { ...SETTINGS, TROUBLE: "stay", DJINIT_GRACE_PERIOD: "2" },
  });
  await container.record("the migration", ({ msg }) => msg === "staying", 60_000);
  const startedMs = performance.now();
  await container.signal("TERM");
  const error = await failsWith(container, { status: 137, code: "DJINIT_GRACE_PERIOD_EXCEEDED" });
  expect(performance.now() - startedMs).toBeGreaterThan(1_900);
  expect(error).toMatchObject({ step: "migrate" });
});
