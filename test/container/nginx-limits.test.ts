// How much a request may be, and how long it and its client may take: by default, as the variables say, with a user's files.
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type NginxSubject, startSubject } from "./nginx-subject.ts";

const KIB = 1_024;
let subject: NginxSubject;

/** With a request line of so many bytes. */
const lineOf = (bytes: number) => subject.ask(`/${"a".repeat(bytes - "GET / HTTP/1.1".length)}`);
/** With a header of so many bytes, its name and colon among them. */
const headerOf = (bytes: number) => subject.ask("/", { headers: { "X-Long": "b".repeat(bytes - 8) } });
/** With so many headers. Host and Connection are two of them. */
const headersOf = (count: number) =>
  subject.ask("/", {
    headers: Object.fromEntries(Array.from({ length: count - 2 }, (_, at) => [`X-${at}`, "v"])),
  });

/** Sends a request that is never finished. Resolves when the server has closed. */
async function untilClosed(beginning: string): Promise<void> {
  const socket = connect(await subject.container.port(8000), "127.0.0.1");
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  socket.on("error", () => {}).once("close", () => resolve());
  socket.resume().write(beginning);
  await closed;
}

describe("by default", () => {
  beforeAll(async () => {
    subject = await startSubject();
  });
  afterAll(() => subject?.remove());

  // gunicorn's own limits are 4,094 and 8,190 bytes, and 100 headers with those that nginx adds.
  test.each([
    [4_095, 200],
    [8_190, 200],
    [8_192, 414],
  ])("a request line of %d bytes: %d", async (bytes, status) => {
    expect((await lineOf(bytes)).status).toBe(status);
  });

  test.each([
    [8_190, 200],
    [8_192, 431],
  ])("a header of %d bytes: %d", async (bytes, status) => {
    expect((await headerOf(bytes)).status).toBe(status);
  });

  test("a header that nginx makes longer is not too long for gunicorn", async () => {
    const { headers } = await subject.echo("/", { headers: { "X-Forwarded-For": "c".repeat(8_170) } });
    expect(headers["x-forwarded-for"]?.length).toBeGreaterThan(8_175);
  });

  test.each([
    [100, 200],
    [150, 431],
  ])("%d headers: %d", async (count, status) => {
    expect((await headersOf(count)).status).toBe(status);
  });

  test.each([
    ["http://Real.example:81/x", "Real.example:81"],
    ["HTTP://real.example", "real.example"],
    ["https://[::1]:8000/x?y=/", "[::1]:8000"],
    ["/http://real.example/", "asked.example"],
  ])("GET %s: the application sees the host %s", async (target, host) => {
    const { headers } = await subject.echo(target, { headers: { Host: "asked.example" } });
    expect(headers.host).toBe(host);
  });

  test("a connection on which nothing is asked outlives what proxies keep", async () => {
    const read = async (name: string) =>
      (await subject.container.exec(["cat", `/run/djinit/nginx-${name}.conf`])).stdout;
    expect(await read("limits")).toContain("keepalive_timeout 650000ms;");
    expect(await read("connections")).toMatch(/^worker_connections \d+;$/);
  });

  test("nothing is said about files that nobody has replaced", async () => {
    expect(await subject.logs()).not.toContain("DJINIT_MAX");
  });
});

describe("with the variables", () => {
  beforeAll(async () => {
    subject = await startSubject({}, 8000, undefined, {
      DJINIT_MAX_BODY_SIZE: "2k",
      DJINIT_MAX_HEADER_SIZE: "16k",
      DJINIT_REQUEST_TIMEOUT: "5",
      DJINIT_CLIENT_TIMEOUT: "1",
      DJINIT_KEEPALIVE_TIMEOUT: "1",
      // Its master kills no worker for a request that takes long: it is nginx's turn.
      GUNICORN_CMD_ARGS: "--threads 4",
    });
  });
  afterAll(() => subject?.remove());

  test.each([false, true])("DJINIT_MAX_BODY_SIZE, and one byte more (chunked: %s)", async (chunked) => {
    const send = async (bytes: number) =>
      (await subject.ask("/", { body: Buffer.alloc(bytes), chunked })).status;
    expect([await send(2 * KIB), await send(2 * KIB + 1)]).toEqual([200, 413]);
  });

  test("DJINIT_MAX_HEADER_SIZE is gunicorn's as well", async () => {
    const statuses = [lineOf(16 * KIB - 2), headerOf(16 * KIB - 2), lineOf(16 * KIB), headerOf(16 * KIB)];
    expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([200, 200, 414, 431]);
  });

  test("DJINIT_REQUEST_TIMEOUT: gunicorn has it, and nginx waits for 5 s more", async () => {
    const read = async (path: string) => (await subject.container.exec(["cat", path])).stdout;
    expect(await read("/run/gunicorn/timeout")).toBe("5");
    expect(await read("/run/djinit/nginx-waits.conf")).toContain("proxy_read_timeout 10s;");
    const [slow, quick] = await Promise.all([subject.ask("/silent/?30"), subject.ask("/")]);
    expect([slow.status, quick.status]).toEqual([504, 200]);
  });

  test("DJINIT_CLIENT_TIMEOUT: a body that does not go on", async () => {
    await untilClosed("POST /half HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n12345");
    const [record] = await subject.records("/half");
    expect(record).toMatchObject({ http: { response: { status_code: 408 } } });
  });

  test("DJINIT_KEEPALIVE_TIMEOUT: a connection on which nothing more is asked", async () => {
    await untilClosed("GET /idle HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const [record] = await subject.records("/idle");
    expect(record).toMatchObject({ http: { response: { status_code: 200 } } });
  });

  test("DJINIT_CLIENT_TIMEOUT: headers that are never finished", async () => {
    await untilClosed("GET /half HTTP/1.1\r\nHost: localhost\r\nX-Half: ");
    expect((await subject.ask("/")).status).toBe(200);
  });
});

describe("with files of the user's", () => {
  const CONF_D = "/etc/nginx/conf.d";
  beforeAll(async () => {
    const files = {
      // At the level at which djinit's are.
      [`${CONF_D}/own.conf`]: "client_header_timeout 9s;\nlarge_client_header_buffers 4 4k;\n",
      // As older images have it, with a limit of its own.
      [`${CONF_D}/django.conf`]: `include ${CONF_D}/django.conf.d/upstream.conf;
        include ${CONF_D}/django.conf.d/maps/*.conf;
        server {
          listen 8000;
          client_max_body_size 3k;
          location / { include ${CONF_D}/django.conf.d/application.conf; }
        }\n`,
    };
    const env = {
      DJINIT_MAX_BODY_SIZE: "5k",
      DJINIT_MAX_HEADER_SIZE: "16k",
      DJINIT_REQUEST_TIMEOUT: "100",
      DJINIT_CLIENT_TIMEOUT: "30",
    };
    subject = await startSubject(files, 8000, undefined, env);
  });
  afterAll(() => subject?.remove());

  test("theirs win", async () => {
    const send = async (bytes: number) => (await subject.ask("/", { body: Buffer.alloc(bytes) })).status;
    expect([await send(3 * KIB), await send(3 * KIB + 1)]).toEqual([200, 413]);
    expect([(await lineOf(4_000)).status, (await lineOf(5_000)).status]).toEqual([200, 414]);
  });

  test("variables that say nothing so are named, once, and the others are not", async () => {
    const records = await eventually(
      async () => {
        const found = (await subject.container.records()).filter(({ level }) => level === "warn");
        expect(found).toHaveLength(3);
        return found;
      },
      { what: "three warnings", attach: () => subject.logs() },
    );
    expect(records.map(({ msg }) => msg)).toEqual([
      `DJINIT_MAX_BODY_SIZE is "5k", but ${CONF_D}/django.conf says client_max_body_size, which wins: remove one of them`,
      `DJINIT_MAX_HEADER_SIZE is "16k", but ${CONF_D}/own.conf says large_client_header_buffers, which wins: remove one of them`,
      'DJINIT_REQUEST_TIMEOUT is "100", but no file of nginx\'s has the line `include /run/djinit/nginx-waits*.conf;`: add it',
    ]);
  });
});
