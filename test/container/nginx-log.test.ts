import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { statusOf } from "../support/records.ts";
import { type NginxSubject, startSubject } from "./nginx-subject.ts";

const PAGE = { "/app/static/page.txt": "12345" };

let subject: NginxSubject;
beforeAll(async () => {
  subject = await startSubject(PAGE);
});
afterAll(() => subject?.remove());

async function startWith(env: Record<string, string>): Promise<NginxSubject> {
  const other = await startSubject(PAGE, 8000, undefined, env);
  onTestFinished(() => other.remove());
  return other;
}

const ALL_HEADERS = {
  Host: "cakes.example:8000",
  Authorization: `Basic ${btoa("ada:secret")}`,
  Referer: "http://other.example/",
  "User-Agent": "test/1",
  Via: "1.1 proxy.example",
  "X-Forwarded-Proto": "https",
  "X-Forwarded-For": "192.0.2.1",
};

test("a request is one record with every field of the schema", async () => {
  const startedAt = Date.now();
  await subject.ask("/static/page.txt?a=1&b", { headers: ALL_HEADERS });
  const [record, ...others] = await subject.records("/static/page.txt?a=1&b");
  expect(others).toEqual([]);
  expect(record).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    level: "info",
    service: "nginx",
    pid: expect.any(Number),
    msg: "GET /static/page.txt?a=1&b HTTP/1.1 200",
    request_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    http: {
      request: {
        method: "GET",
        header: {
          host: "cakes.example:8000",
          referer: "http://other.example/",
          via: "1.1 proxy.example",
          "x-forwarded-for": "192.0.2.1",
          "x-forwarded-proto": "https",
        },
      },
      response: { status_code: 200, body: { size: 5 } },
      server: { request: { duration: expect.any(Number) } },
      upstream: { duration: null, cache: "" },
    },
    url: { path: "/static/page.txt", query: "a=1&b" },
    client: { address: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/) },
    user: { name: "ada" },
    user_agent: { original: "test/1" },
  });
  expect(Math.abs(Date.parse(String(record?.time)) - startedAt)).toBeLessThan(5_000);
});

test("what is absent is an empty string; what the application answered has the time it took", async () => {
  await subject.ask("/absent");
  const [record] = await subject.records("/absent");
  expect(record).toMatchObject({
    http: {
      request: { header: { referer: "", via: "", "x-forwarded-for": "", "x-forwarded-proto": "" } },
      upstream: { duration: expect.any(Number) },
    },
    user: { name: "" },
    user_agent: { original: "" },
  });
});

test("whatever bytes a client sends, the record is one, whole and JSON", async () => {
  const agents = [
    'a "quoted" \\ back\tslash", "status_code": 999, "x": "',
    "\u00e4\u00df caf\u00e9",
    // Bytes of a lone start of UTF-8, and of U+2028, as latin1.
    "\u00e2\u0082 \u00ff",
    "\u00e2\u0080\u00a8forged",
  ];
  for (const [at, agent] of agents.entries()) {
    await subject.ask(`/agent/${at}`, { headers: { "User-Agent": agent } });
    const [record] = await subject.records(`/agent/${at}`);
    const bytes = Buffer.from(agent, "latin1").toString("utf8");
    expect(record).toMatchObject({
      user_agent: { original: bytes },
      http: { response: { status_code: 200 } },
    });
  }
  expect(await subject.logs()).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
});

test("each request is logged, whoever answered it and however", async () => {
  await subject.ask("/static/none.txt");
  await subject.ask("/static/none.txt");
  await subject.ask("/static/page.txt?refused", { method: "DELETE" });
  expect((await subject.records("/static/none.txt", 2)).map(statusOf)).toEqual([404, 404]);
  const [refused] = await subject.records("/static/page.txt?refused");
  expect(refused && statusOf(refused)).toBe(405);
});

test("DJINIT_LOG_ACCESS_FIELDS=nginx: the names of docker-django-bootstrap", async () => {
  const old = await startWith({ DJINIT_LOG_ACCESS_FIELDS: "nginx" });
  await old.ask("/static/page.txt?old", { headers: ALL_HEADERS });
  const [record] = await old.records("/static/page.txt?old");
  expect(record).toEqual({
    time: expect.any(String),
    level: "info",
    service: "nginx",
    pid: expect.any(Number),
    msg: "GET /static/page.txt?old HTTP/1.1 200",
    request_id: expect.any(String),
    remote_addr: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/),
    remote_user: "ada",
    request: "GET /static/page.txt?old HTTP/1.1",
    status: 200,
    body_bytes_sent: 5,
    request_time: expect.any(Number),
    upstream_response_time: null,
    http_host: "cakes.example:8000",
    http_referer: "http://other.example/",
    http_user_agent: "test/1",
    http_via: "1.1 proxy.example",
    http_x_forwarded_proto: "https",
    http_x_forwarded_for: "192.0.2.1",
  });
});

test("DJINIT_LOG_SKIP: probes are not logged as long as they are answered", async () => {
  const quiet = await startWith({ DJINIT_LOG_SKIP: "/health/,/-/*,kube-probe" });
  await quiet.ask("/health/");
  await quiet.ask("/-/livez");
  await quiet.ask("/any", { headers: { "User-Agent": "kube-probe/1.31" } });
  await quiet.ask("/static/none.txt", { headers: { "User-Agent": "kube-probe/1.31" } });
  await quiet.ask("/health/more");
  await quiet.ask("/end");
  await quiet.records("/end");
  const logs = await quiet.logs();
  expect(logs).not.toMatch(/"path":"\/(health\/|-\/livez|any)"/);
  expect(await quiet.records("/static/none.txt")).toHaveLength(1);
  expect(await quiet.records("/health/more")).toHaveLength(1);
});

test("DJINIT_LOG_LEVEL and DJINIT_LOG_FORMAT", async () => {
  const other = await startWith({ DJINIT_LOG_LEVEL: "info,nginx=error", DJINIT_LOG_FORMAT: "logfmt" });
  await other.ask("/quiet");
  await eventually(async () => (await other.logs()).includes(' msg="nginx started"'), {
    what: "a line of logfmt",
  });
  const lines = (await other.logs()).trimEnd().split("\n");
  for (const line of lines) expect(line).toMatch(/^time=\S+ level=\w+ service=\S+ pid=\d+ msg=/);
  expect(lines.filter((line) => line.includes("service=nginx"))).toEqual([]);
  expect(lines.filter((line) => line.includes("service=gunicorn"))).not.toEqual([]);
});
