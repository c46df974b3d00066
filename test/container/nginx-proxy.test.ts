import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type NginxSubject, startSubject } from "./nginx-subject.ts";

const BODY_LIMIT_BYTES = 20 * 1_024 * 1_024;

let subject: NginxSubject;
beforeAll(async () => {
  subject = await startSubject();
});
afterAll(() => subject?.remove());

describe("Host", () => {
  test("arrives as the client sent it, with its port and its case", async () => {
    const { headers } = await subject.echo("/", { headers: { Host: "Cakes.example:8443" } });
    expect(headers.host).toBe("Cakes.example:8443");
  });
});

describe("X-Forwarded-For", () => {
  test("is the client's address when there was none", async () => {
    const { headers } = await subject.echo("/");
    expect(headers["x-forwarded-for"]).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  });

  test("gets the client's address appended", async () => {
    const { headers } = await subject.echo("/", { headers: { "X-Forwarded-For": "192.0.2.1, 192.0.2.2" } });
    expect(headers["x-forwarded-for"]).toMatch(/^192\.0\.2\.1, 192\.0\.2\.2, \d+\.\d+\.\d+\.\d+$/);
  });
});

describe("the scheme", () => {
  test.each(["https", "http"])("X-Forwarded-Proto: %s passes and decides", async (scheme) => {
    const echo = await subject.echo("/", { headers: { "X-Forwarded-Proto": scheme } });
    expect([echo.headers["x-forwarded-proto"], echo.scheme]).toEqual([scheme, scheme]);
  });

  test("without it nothing is made up", async () => {
    const echo = await subject.echo("/");
    expect(echo.headers).not.toHaveProperty("x-forwarded-proto");
    expect(echo.scheme).toBe("http");
  });

  test.each([
    ["X-Forwarded-Protocol", "ssl"],
    ["X-Forwarded-Ssl", "on"],
  ])("%s is removed, and a client cannot pretend to use TLS with it", async (name, value) => {
    const echo = await subject.echo("/", { headers: { [name]: value } });
    expect(echo.headers).not.toHaveProperty(name.toLowerCase());
    expect(echo.scheme).toBe("http");
  });

  test("both are removed beside X-Forwarded-Proto: gunicorn refuses headers that contradict each other", async () => {
    const headers = { "X-Forwarded-Proto": "http", "X-Forwarded-Protocol": "ssl", "X-Forwarded-Ssl": "on" };
    expect((await subject.ask("/", { headers })).status).toBe(200);
  });
});

describe("other headers", () => {
  test("a client cannot set SCRIPT_NAME, which gunicorn would take from a proxy", async () => {
    const echo = await subject.echo("/admin/", { headers: { SCRIPT_NAME: "/admin" } });
    expect(echo).toMatchObject({ path: "/admin/", scriptName: "" });
  });

  test("the wish for a WebSocket is forwarded", async () => {
    const { headers } = await subject.echo("/", {
      headers: { Connection: "keep-alive, Upgrade", Upgrade: "WebSocket" },
    });
    expect(headers).toMatchObject({ connection: "upgrade", upgrade: "WebSocket" });
  });

  test("no other upgrade is", async () => {
    const { headers } = await subject.echo("/", { headers: { Connection: "Upgrade", Upgrade: "h2c" } });
    expect(headers.connection).toBe("close");
    expect(headers).not.toHaveProperty("upgrade");
  });

  test("a redirect of the application keeps its Location", async () => {
    const query = new URLSearchParams({ bytes: "0", type: "text/plain", status: "302 Found" });
    query.append("header", "Location:http://gunicorn/elsewhere/");
    const { status, headers } = await subject.ask(`/body/?${query}`);
    expect([status, headers.location]).toEqual([302, "http://gunicorn/elsewhere/"]);
  });

  test("12,000 bytes of response headers are no error", async () => {
    const { status, headers } = await subject.ask("/body/?bytes=1&type=text/plain&header_bytes=12000");
    expect(status).toBe(200);
    expect(headers["x-filler"]).toHaveLength(12_000);
  });
});

describe("bodies", () => {
  test("20 MB are accepted, and arrive", async () => {
    expect((await subject.echo("/", { body: Buffer.alloc(BODY_LIMIT_BYTES) })).bodyBytes).toBe(
      BODY_LIMIT_BYTES,
    );
  });

  test("20 MB without a Content-Length as well", async () => {
    const echo = await subject.echo("/", { body: Buffer.alloc(BODY_LIMIT_BYTES), chunked: true });
    expect(echo.bodyBytes).toBe(BODY_LIMIT_BYTES);
  });

  test.each([false, true])("one byte more is refused (chunked: %s)", async (chunked) => {
    const { status } = await subject.ask("/", { body: Buffer.alloc(BODY_LIMIT_BYTES + 1), chunked });
    expect(status).toBe(413);
  });

  test("a response larger than what nginx keeps in a file arrives whole", async () => {
    const { body } = await subject.ask(`/body/?bytes=${40 * 1_024 * 1_024}&type=application/octet-stream`);
    expect(body).toHaveLength(40 * 1_024 * 1_024);
  });
});
