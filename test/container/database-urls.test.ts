// URLs at a real server: with and without encryption, by name and by socket. What psycopg makes of each has been compared.
import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Failure, finalCode } from "../../src/boot/postgres/failure.ts";
import { serversOf } from "../../src/boot/postgres/servers.ts";
import { openSession } from "../../src/boot/postgres/session.ts";
import { type Container, runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { createDatabase, startPostgres } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { isReady } from "./cake-subject.ts";
import { failsWith } from "./failure.ts";
import { makeVolume } from "./volume.ts";

const PASSWORD = "p@ss w/rd#1%";
const ENCODED = encodeURIComponent(PASSWORD);
const ATTEMPT_MS = 5_000;
/** TLS for two databases only, and plain connections for one. */
const LOGINS = `local peer all peer
local all all scram-sha-256
hostssl tls all all scram-sha-256
hostnossl plain all all scram-sha-256
host postgres,"a/b","my db" all all scram-sha-256
`;

let directory: string;
let container: Container;
let port: number;
/** What the server calls the user of uid 104, as whom the application runs. */
let peer: string;
let server: NonNullable<ReturnType<typeof runContext>["postgres"]>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "database-urls-"));
  await chmod(directory, 0o777);
  await promisify(execFile)("openssl", [
    ..."req -new -x509 -days 2 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost".split(" "),
    ...["-keyout", join(directory, "key.pem"), "-out", join(directory, "certificate.pem")],
  ]);
  ({ container, server } = await startPostgres(PASSWORD, [`${directory}:/tmp`]));
  port = server.hostPort;
  const { query } = await createDatabase(server);
  for (const name of ["tls", "plain", "a/b", "my db"]) await query(`create database "${name}"`);
  const ensure = "getent passwd 104 > /dev/null || useradd --uid 104 django; getent passwd 104 | cut -d: -f1";
  peer = await container.output(["sh", "-c", ensure], { user: "root" });
  await query(`create role "${peer}" login`);
  await query(`create database peer owner "${peer}"`);
  const [{ data = "", logins = "" } = {}] = await query<{ data: string; logins: string }>(
    "select current_setting('data_directory') as data, current_setting('hba_file') as logins",
  );
  for (const name of ["key.pem", "certificate.pem"]) {
    const target = `${data}/${name}`;
    const script = `cat > ${target} && chown --reference=${data} ${target} && chmod 600 ${target}`;
    await container.output(["sh", "-c", script], {
      user: "root",
      input: await readFile(join(directory, name), "utf8"),
    });
    await query(`alter system set ssl_${name === "key.pem" ? "key" : "cert"}_file = '${target}'`);
  }
  await query("alter system set ssl = on");
  await container.output(["sh", "-c", `cat > ${logins}`], { user: "root", input: LOGINS });
  await query("select pg_reload_conf()");
  await eventually(async () => (await openAt(`${url("tls")}?sslmode=require`)) === "open", {
    what: "the server encrypts",
    timeoutMs: 20_000,
    attach: () => container.logs(),
  });
});
afterAll(async () => {
  await container?.rm();
  await rm(directory, { recursive: true, force: true });
});

const url = (database: string, host = "localhost") =>
  `postgres://postgres:${ENCODED}@${host}:${port}/${encodeURIComponent(database)}`;

/** `open`, or what it has failed with. */
async function openAt(text: string): Promise<string> {
  try {
    const client = await openSession(serversOf(text, {}), ATTEMPT_MS);
    await client.end();
    return "open";
  } catch (error) {
    const { message } = error as Failure;
    return `${finalCode(error as Failure) ?? "may pass"}: ${message}`;
  }
}

const query = (parameters: Record<string, string>) => `?${new URLSearchParams(parameters)}`;

describe("lets in", () => {
  test.each<[what: string, text: () => string]>([
    ["by name", () => url("postgres")],
    ["by address", () => url("postgres", "127.0.0.1")],
    ["another scheme", () => url("postgres").replace("postgres:", "postgis:")],
    ["a bare password", () => url("postgres").replace(ENCODED, "p@ss w%2Frd%231%")],
    ["a database with a slash", () => url("a/b")],
    ["a database with a space", () => url("my db")],
    ["prefer, where only TLS is let in", () => url("tls")],
    ["prefer, where only plain is let in", () => url("plain")],
    ["allow, where only TLS is let in", () => url("tls") + query({ sslmode: "allow" })],
    ["allow, where only plain is let in", () => url("plain") + query({ sslmode: "allow" })],
    ["disable", () => url("plain") + query({ sslmode: "disable" })],
    ["require", () => url("tls") + query({ sslmode: "require" })],
    ["ssl=true", () => url("tls") + query({ ssl: "true" })],
    [
      "verify-full",
      () => url("tls") + query({ sslmode: "verify-full", sslrootcert: join(directory, "certificate.pem") }),
    ],
    [
      "verify-ca, by another name",
      () =>
        url("tls", "127.0.0.1") +
        query({ sslmode: "verify-ca", sslrootcert: join(directory, "certificate.pem") }),
    ],
    [
      "a root that nobody needs",
      () => url("tls") + query({ sslmode: "require", sslrootcert: "/nowhere.pem" }),
    ],
    ["hostaddr", () => url("postgres", "no-such-host.invalid") + query({ hostaddr: "127.0.0.1" })],
    ["the second of two hosts", () => url("postgres", "127.0.0.1:1,localhost")],
    [
      "the second of two in the query",
      () =>
        `postgres://postgres:${ENCODED}@/postgres${query({ host: "localhost,localhost", port: `1,${port}` })}`,
    ],
    ["read-write", () => url("postgres") + query({ target_session_attrs: "read-write" })],
    ["primary", () => url("postgres") + query({ target_session_attrs: "primary" })],
    [
      "prefer-standby, of one that is none",
      () => url("postgres") + query({ target_session_attrs: "prefer-standby" }),
    ],
    [
      "a socket in the host's place",
      () => `postgres://postgres:${ENCODED}@${encodeURIComponent(directory)}/postgres`,
    ],
    ["a socket in the path", () => `postgres://postgres:${ENCODED}@/${directory}/postgres`],
    ["a socket in the query", () => `postgres://postgres:${ENCODED}@/postgres${query({ host: directory })}`],
    [
      "a socket, whatever sslmode",
      () =>
        `postgres://postgres:${ENCODED}@${encodeURIComponent(directory)}/postgres${query({ sslmode: "require" })}`,
    ],
    [
      "options of other programs",
      () => url("postgres") + query({ conn_max_age: "60", connect_timeout: "3" }),
    ],
  ])("%s", async (_, text) => {
    expect(await openAt(text())).toBe("open");
  });
});

describe("does not let in, and says why", () => {
  test.each<[what: string, text: () => string, cause: RegExp]>([
    [
      "disable, where only TLS is let in",
      () => url("tls") + query({ sslmode: "disable" }),
      /REFUSED_LOGIN: no pg_hba/,
    ],
    [
      "require, where only plain is let in",
      () => url("plain") + query({ sslmode: "require" }),
      /REFUSED_LOGIN/,
    ],
    [
      "verify-full, by another name",
      () =>
        url("tls", "127.0.0.1") +
        query({ sslmode: "verify-full", sslrootcert: join(directory, "certificate.pem") }),
      /UNUSABLE.*(altname|does not match)/i,
    ],
    [
      "the system's certificates",
      () => url("tls") + query({ sslrootcert: "system" }),
      /UNUSABLE.*self-signed/,
    ],
    [
      "a wrong password, with a host that may come",
      () => url("postgres", `localhost:${port},no-such-host.invalid`).replace(ENCODED, "no"),
      /REFUSED_LOGIN/,
    ],
    [
      "a standby",
      () => url("postgres") + query({ target_session_attrs: "standby" }),
      /may pass: the server is no standby/,
    ],
    [
      "read-only",
      () => url("postgres") + query({ target_session_attrs: "read-only" }),
      /may pass: the server takes writes/,
    ],
    [
      "a port where nobody is",
      () => `postgres://postgres:x@127.0.0.1:1/postgres`,
      /may pass: .*ECONNREFUSED/,
    ],
  ])("%s", async (_, text, cause) => {
    expect(await openAt(text())).toMatch(cause);
  });
});

test("a container waits by the socket that the URL means, and names the one of two servers that answered", async () => {
  const env = { SECRET_KEY: "for-a-test", DJANGO_SETTINGS_MODULE: "cake_service.settings" };
  const image = runContext().images.example;
  const volumes = [`${directory}:/var/run/postgresql`];
  const login = `postgres:${ENCODED}`;
  await using socket = await runContainer({
    image,
    volumes,
    env: { ...env, DATABASE_URL: `postgres://${login}@/postgres` },
  });
  await socket.record("readiness", isReady, 60_000);
  await socket.record("the database", ({ msg }) =>
    /^database \/var\/run\/postgresql:5432\/postgres.* answers$/.test(msg),
  );
  await using second = await runContainer({
    image,
    env: {
      ...env,
      DATABASE_URL: `postgres://${login}@127.0.0.1:1,${server.host}:5432/postgres`,
    },
  });
  const { msg } = await second.record("the database", ({ msg }) => msg.endsWith(" answers"), 60_000);
  expect(msg.startsWith(`database ${server.host}:5432/postgres`), msg).toBe(true);
});

test("a server that looks at who has connected is asked by the application's user, not by root", async () => {
  await using container = await runContainer({
    image: runContext().images.example,
    volumes: [`${directory}:/var/run/postgresql`],
    env: {
      SECRET_KEY: "for-a-test",
      DJANGO_SETTINGS_MODULE: "cake_service.settings",
      DATABASE_URL: `postgres://${peer}@/peer`,
    },
  });
  await container.record("readiness", isReady, 60_000);
});

test.each([
  ["sslkey", "sslmode=require&sslcert=/certs/public&sslkey=/certs/secret"],
  ["sslrootcert", "sslmode=verify-full&sslrootcert=/certs/secret"],
])("an %s that is root's alone is not read for the application", async (_, parameters) => {
  const files = await makeVolume("touch public secret; chmod 0400 secret");
  await using refused = await runContainer({
    image: runContext().images.example,
    volumes: [`${files}:/certs`],
    env: { SECRET_KEY: "for-a-test", DATABASE_URL: `${url("tls")}?${parameters}` },
  });
  const error = await failsWith(refused, { status: 78, code: "DJINIT_BAD_CONFIGURATION" });
  expect(error.msg).toContain("open '/certs/secret' (as user django)");
});

test("a service of libpq's that there is not is refused at once, by its name", async () => {
  await using refused = await runContainer({
    image: runContext().images.example,
    env: { SECRET_KEY: "for-a-test", DATABASE_URL: "postgres:///?service=bakery" },
  });
  const error = await failsWith(refused, { status: 69, code: "DJINIT_DATABASE_UNUSABLE" });
  expect(error.msg).toContain('definition of service "bakery" not found');
});
