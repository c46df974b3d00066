import { describe, expect, test } from "vitest";
import { ACCESS_FORMAT } from "../../../../src/logs/access/format.ts";
import { accessLine } from "../../../support/access-line.ts";
import { type StreamedOptions, streamed } from "../../../support/streamed.ts";

const oneOf = (line: string, options: StreamedOptions = {}) => streamed([Buffer.from(`${line}\n`)], options);

test("a request of nginx's goes to the sink as it is, and its facts to the observer", () => {
  const line = accessLine();
  const { text, facts, seen, lines, asBytes } = oneOf(line);
  expect(text).toBe(`${line}\n`);
  expect(asBytes).toBe(line.length + 1);
  expect(lines).toBe(1);
  expect(seen).toEqual([]);
  expect(facts).toEqual([
    {
      host: "cakes.example:8000",
      status: 200,
      requestSeconds: 0.012,
      bytesSent: 1234,
      upstreamSeconds: 0.011,
      fromApplication: true,
      cache: "",
    },
  ]);
});

test("what nginx's cache made of a request; a copy of an older nginx.conf says nothing of it and is as fast", () => {
  const hit = oneOf(accessLine({ $upstream_cache_status: "HIT", $log_upstream_time: "null" }));
  expect([hit.asBytes > 0, hit.facts[0]?.cache]).toEqual([true, "HIT"]);
  const line = accessLine();
  const older = line.replace(',"cache":""', "");
  expect(older.length).toBeLessThan(line.length);
  const { text, asBytes, facts } = streamed([Buffer.from(`${older}\n${line}\n${older}\n`)]);
  expect(text).toBe(`${older}\n${line}\n${older}\n`);
  expect(asBytes).toBe(text.length);
  expect(facts).toMatchObject([1, 2, 3].map(() => ({ cache: "", status: 200, upstreamSeconds: 0.011 })));
  expect(oneOf(older, { fastWay: false }).facts).toEqual(facts.slice(0, 1));
  expect(oneOf(older, { plan: { skip: ["/cakes/"] } }).records).toEqual([]);
});

test("what nginx answers by itself has no time of the application's", () => {
  const { facts, asBytes } = oneOf(accessLine({ $log_upstream_time: "null", $log_level: "error" }));
  expect(facts).toMatchObject([{ upstreamSeconds: undefined, fromApplication: false }]);
  expect(asBytes).toBeGreaterThan(0);
});

test.each([
  ["quotes, backslashes and what else JSON escapes", { $http_user_agent: 'a \\"b\\" \\\\ \\t \\u0001 \\/' }],
  ["an escape at the end of each", { $http_user_agent: "a\\\\", $http_referer: "\\n", $http_via: "\\u00aF" }],
  ["an escaped host", { $http_host: "a\\u0022b" }],
  ["numbers of many digits", { $body_bytes_sent: "123456789012345", $request_time: "1234567.125" }],
  ["nothing at all", Object.fromEntries(textVariables().map((name) => [name, ""]))],
])("the fast way: %s", (_, values) => {
  const line = accessLine(values);
  const fast = oneOf(line);
  const slow = oneOf(line, { fastWay: false });
  expect(fast.asBytes).toBe(line.length + 1);
  expect(slow.asBytes).toBe(0);
  expect(fast.records).toEqual(slow.records);
  expect(fast.facts).toEqual(slow.facts);
});

function textVariables(): string[] {
  return ACCESS_FORMAT.filter(({ kind }) => kind === "text").map(({ variable }) => variable);
}

test.each([
  ["not ASCII", { $http_user_agent: "caf\u00e9 \u2028" }],
  ["text that turns round", { $http_user_agent: "\u202edegrof\u2066" }],
  ["a DEL", { $http_referer: "\u007f" }],
  ["a DEL amid other text", { $http_referer: "abcdefgh\u007fabcdefgh" }],
  ["a time that is none", { $log_time: "2026-11-24T25:30:58.123Z" }],
  ["a day that is none", { $log_time: "2026-02-30T02:30:58.123Z" }],
  ["another zone", { $log_time: "2026-11-24T03:30:58.123+01:00" }],
  ["a status of HTTP/0.9", { $status: "009" }],
  ["another level", { $log_level: "warn" }],
  ["more digits than a double holds", { $body_bytes_sent: "12345678901234567" }],
  ...["1.", ".5", "007", "00.5", "", "-1", "1.1234567890123456"].map(
    (number): [string, Record<string, string>] => [`a time of ${number}`, { $request_time: number }],
  ),
  ["an escape that JSON does not have", { $http_user_agent: "\\q" }],
  ...["g001", "0g01", "00g1", "001g"].map((digits): [string, Record<string, string>] => [
    `\\u${digits}`,
    { $http_user_agent: `\\u${digits}` },
  ]),
])("the slow way, and still one record: %s", (_, values) => {
  const { asBytes, records, text } = oneOf(accessLine(values));
  expect(asBytes).toBe(0);
  expect(records).toHaveLength(1);
  expect(text).not.toMatch(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
});

describe("no other service takes the fast way", () => {
  test("its `service` is kept aside", () => {
    const { asBytes, records } = oneOf(accessLine(), { service: "gunicorn" });
    expect(asBytes).toBe(0);
    expect(records).toMatchObject([{ service: "gunicorn", app: { service: "nginx" } }]);
  });
});

test("lines before, between and after keep their order, wherever the reads are cut", () => {
  const texts = [
    "first",
    accessLine(),
    accessLine({ $pid: "13" }),
    "between",
    accessLine({ $pid: "14" }),
    "last",
  ];
  const bytes = Buffer.from(`${texts.join("\n")}\n`);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const { records, asBytes } = streamed([bytes.subarray(0, cut), bytes.subarray(cut)], { pid: 1 });
    expect(records.map(({ msg, pid }) => (pid === 1 ? msg : pid))).toEqual([
      "first",
      12,
      13,
      "between",
      14,
      "last",
    ]);
    expect(asBytes).toBe(3 * (accessLine().length + 1));
  }
});

describe("what is not written is counted all the same", () => {
  test.each([
    ["by level", { levels: { services: { nginx: "error" } } }],
    ["by path", { skip: ["/cakes/"] }],
    ["by the beginning of paths", { skip: ["/ca*"] }],
    ["by user agent", { skip: ["kube-probe", "curl"] }],
  ] as const)("%s", (_, plan) => {
    for (const fastWay of [undefined, false] as const) {
      const failed = accessLine({ $status: "503", $log_level: "error", $pid: "77" });
      const bytes = Buffer.from(`${accessLine()}\n${failed}\n${accessLine()}\n`);
      const options = { plan: structuredClone(plan) as StreamedOptions["plan"] & object };
      const { records, facts } = streamed([bytes], fastWay === false ? { ...options, fastWay } : options);
      expect(records.map(({ pid }) => pid)).toEqual([77]);
      expect(facts.map(({ status }) => status)).toEqual([200, 503, 200]);
    }
  });

  test("a path must be the whole one, unless more may follow", () => {
    const count = (rule: string) => oneOf(accessLine(), { plan: { skip: [rule] } }).records.length;
    expect(["/cakes", "/cakes/x", "/akes/", "/", "/x*"].map(count)).toEqual([1, 1, 1, 1, 1]);
    expect(["/cakes/", "/cakes/*", "/*"].map(count)).toEqual([0, 0, 0]);
  });
});

test("the names of docker-django-bootstrap, where they are asked for", () => {
  const values = {
    $remote_user: "ada",
    $http_referer: "https://cakes.example/",
    $http_via: "1.1 proxy",
  };
  const { records, facts, asBytes } = oneOf(accessLine(values), { plan: { accessFields: "nginx" } });
  expect(asBytes).toBe(0);
  expect(facts).toHaveLength(1);
  const { time, level, service, pid, msg, request_id, ...fields } = records[0] ?? {};
  expect({ level, service, pid, msg }).toEqual({
    level: "info",
    service: "nginx",
    pid: 12,
    msg: "GET /cakes/?a=1 HTTP/1.1 200",
  });
  expect([typeof time, request_id]).toEqual(["string", "4bf92f3577b34da6a3ce929d0e0e4736"]);
  expect(fields).toEqual({
    remote_addr: "10.0.0.9",
    remote_user: "ada",
    request: "GET /cakes/?a=1 HTTP/1.1",
    status: 200,
    body_bytes_sent: 1234,
    request_time: 0.012,
    upstream_response_time: 0.011,
    http_host: "cakes.example:8000",
    http_referer: "https://cakes.example/",
    http_user_agent: "curl/8.1",
    http_via: "1.1 proxy",
    http_x_forwarded_proto: "https",
    http_x_forwarded_for: "10.0.0.1",
  });
});

const NOTHING_KNOWN = { host: "", requestSeconds: 0, bytesSent: 0, upstreamSeconds: undefined, cache: "" };

test.each([
  ["djinit's", { http: { request: { method: "GET" }, response: { status_code: 404 } } }],
  ["docker-django-bootstrap's", { request: "GET /a HTTP/1.1", status: 404 }],
  [
    "docker-django-bootstrap's, of values that are none",
    { request: "GET /a HTTP/1.1", status: "404", request_time: "-", body_bytes_sent: "1e999" },
  ],
])("a format of the user's own may have no more than the request and its status: %s names", (_, line) => {
  const { facts } = oneOf(JSON.stringify(line));
  expect(facts).toEqual([{ ...NOTHING_KNOWN, status: 404, fromApplication: false }]);
});

test("an nginx.conf of the user's own: its names stay, its requests are counted and may be left out", () => {
  const own = JSON.stringify({
    request: "GET /health/?x HTTP/1.1",
    status: "200",
    http_host: "own.example",
    http_user_agent: "kube-probe/1",
    request_time: "0.5",
    upstream_response_time: "0.1, 0.4",
    upstream_cache_status: "STALE",
  });
  const { records, facts } = oneOf(own);
  expect(records).toMatchObject([{ request: "GET /health/?x HTTP/1.1", msg: "GET /health/?x HTTP/1.1 200" }]);
  expect(facts).toMatchObject([
    { host: "own.example", status: 200, requestSeconds: 0.5, upstreamSeconds: 0.4, cache: "STALE" },
  ]);
  for (const rule of ["/health/", "kube-probe"]) {
    expect(oneOf(own, { plan: { skip: [rule] } }).records).toEqual([]);
  }
});
