// Answers that nginx keeps: what it gives again, what never, and to whom.
import { connect } from "node:http2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePair } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { ADMIN_PORT, askAdmin } from "./admin-subject.ts";
import { type NginxSubject, startSubject } from "./nginx-subject.ts";
import type { Ask } from "./raw-request.ts";

/**
 * Answers with how often it has been asked for this path, and how many it has answered at the same time; headers, status and seconds
 * as the query says.
 */
const APPLICATION = `
import json, threading, time
from urllib.parse import parse_qs

counts, under_way, most = {}, {}, {}
lock = threading.Lock()

def application(environ, start_response):
    with lock:
        path = environ["PATH_INFO"]
        count = counts[path] = counts.get(path, 0) + 1
        under_way[path] = under_way.get(path, 0) + 1
        most[path] = max(most.get(path, 0), under_way[path])
    query = parse_qs(environ["QUERY_STRING"])
    time.sleep(float(query.get("sleep", ["0"])[0]))
    with lock:
        under_way[path] -= 1
    if "wsgi.early_hints" in environ:
        environ["wsgi.early_hints"]([("Link", "</style.css>; rel=preload")])
    headers = [tuple(line.split(": ", 1)) for line in query.get("h", [])]
    names = ("HTTP_IF_NONE_MATCH", "HTTP_RANGE", "HTTP_X_FORWARDED_HOST", "HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE")
    told = {"count": count, "method": environ["REQUEST_METHOD"], "scheme": environ["wsgi.url_scheme"], "most": most[path]}
    body = json.dumps(told | {name: environ[name] for name in names if name in environ}).encode()
    start_response(query.get("status", ["200 OK"])[0], [("Content-Length", str(len(body))), *headers])
    return [body]
`;
const PUBLIC = "Cache-Control: public, max-age=300";

const ENVIRONMENT = {
  DJINIT_CACHE: "10m",
  DJINIT_CACHE_LOCK: "/one/,/locked/*",
  WEB_CONCURRENCY: "1",
  GUNICORN_CMD_ARGS: "--threads 8",
};

let subject: NginxSubject;
beforeAll(async () => {
  subject = await startSubject({ "/app/echo.py": APPLICATION }, 8000, undefined, ENVIRONMENT, [ADMIN_PORT]);
});
afterAll(() => subject?.remove());

interface Told {
  count: number;
  method: string;
  scheme: string;
  most: number;
  HTTP_IF_NONE_MATCH?: string;
  HTTP_RANGE?: string;
  HTTP_X_FORWARDED_HOST?: string;
}

const urlOf = (path: string, headers: readonly string[], more: Record<string, string> = {}) =>
  `${path}?${new URLSearchParams([...headers.map((header) => ["h", header]), ...Object.entries(more)])}`;

/** Of six that ask for it: how many the application has answered at the same time. */
async function mostAtOnce(url: string): Promise<number> {
  const all = await Promise.all(Array.from({ length: 6 }, () => told(url)));
  return Math.max(...all.map(({ most }) => most));
}

async function told(url: string, ask: Ask = {}): Promise<Told> {
  return JSON.parse((await subject.ask(url, ask)).body.toString()) as Told;
}

/** How often the application is asked in three requests. */
async function asked(url: string, asks: readonly Ask[] = [{}, {}, {}]): Promise<number> {
  for (const ask of asks.slice(0, -1)) await subject.ask(url, ask);
  return (await told(url, asks.at(-1))).count;
}

describe("what it keeps", () => {
  test.each([
    [PUBLIC],
    ["Cache-Control: max-age=300, public"],
    ["Cache-Control: s-maxage=300"],
    ["Cache-Control: public, max-age=0, s-maxage=300"],
  ])("%s", async (header) => {
    expect(await asked(urlOf(`/kept-${header.replaceAll(/\W/g, "-")}/`, [header]))).toBe(1);
  });

  test.each(["301 Moved Permanently", "404 Not Found"])("%s, where it says so", async (status) => {
    const url = urlOf(`/status-${status.slice(0, 3)}/`, [PUBLIC], { status });
    expect(await asked(url)).toBe(1);
    expect((await subject.ask(url)).status).toBe(Number(status.slice(0, 3)));
  });

  test("HEAD and GET apart: the application sees what the client sent", async () => {
    const url = urlOf("/head/", [PUBLIC]);
    expect((await subject.ask(url, { method: "HEAD" })).body.length).toBe(0);
    expect(await told(url)).toMatchObject({ method: "GET", count: 2 });
    expect(await told(url)).toMatchObject({ method: "GET", count: 2 });
  });

  test("each answer has the id of its own request", async () => {
    const url = urlOf("/ids/", [PUBLIC]);
    const ids = [await subject.ask(url), await subject.ask(url)].map(
      ({ headers }) => headers["x-request-id"],
    );
    expect([ids.length, new Set(ids).size]).toEqual([2, 2]);
  });

  test("a client that has it already gets 304 from nginx", async () => {
    const url = urlOf("/etag/", [PUBLIC, 'ETag: "one"']);
    await subject.ask(url);
    expect((await subject.ask(url, { headers: { "If-None-Match": '"one"' } })).status).toBe(304);
    expect(await told(url)).toMatchObject({ count: 1 });
  });
});

test("the record and the metric say what came of each request", async () => {
  const url = urlOf("/told/", [PUBLIC]);
  const asks: Ask[] = [{}, {}, { headers: { Authorization: "Bearer one" } }];
  for (const ask of asks)
    await subject.ask(url, { ...ask, headers: { ...ask.headers, Host: "told.example" } });
  const records = await subject.records(url, 3);
  expect(records.map(({ http }) => (http as { upstream: unknown }).upstream)).toEqual([
    { duration: expect.any(Number), cache: "MISS" },
    { duration: null, cache: "HIT" },
    { duration: expect.any(Number), cache: "BYPASS" },
  ]);
  const { text } = await askAdmin(subject.container, "/metrics");
  const counts = [
    ...text.matchAll(/^nginx_http_cache_requests_total\{host="told.example",result="(\w+)"\} (\d+)$/gm),
  ];
  expect(Object.fromEntries(counts.map(([, result, count]) => [result, Number(count)]))).toEqual({
    ...{ hit: 1, miss: 1, bypass: 1 },
    ...{ expired: 0, stale: 0, updating: 0, revalidated: 0 },
  });
});

describe("what it does not", () => {
  test.each([
    ["nothing said", []],
    ["max-age alone", ["Cache-Control: max-age=300"]],
    ["private", ["Cache-Control: private, max-age=300"]],
    ["no-store", ["Cache-Control: public, no-store, max-age=300"]],
    ["no-cache", ["Cache-Control: public, no-cache"]],
    ["public without a time", ["Cache-Control: public"]],
    ["publication=1", ["Cache-Control: max-age=300, publication=1"]],
    ["a cookie", [PUBLIC, "Set-Cookie: sessionid=secret"]],
    ["Vary: *", [PUBLIC, "Vary: *"]],
    ["Expires alone", ["Expires: Thu, 31 Dec 2099 23:59:59 GMT"]],
    ["X-Accel-Expires alone", ["X-Accel-Expires: 300"]],
  ] as const)("%s", async (name, headers) => {
    expect(await asked(urlOf(`/not-${name.replaceAll(/\W/g, "-")}/`, headers))).toBe(3);
  });

  test("an error, or a piece", async () => {
    expect(await asked(urlOf("/error/", [PUBLIC], { status: "500 Broken" }))).toBe(3);
    const piece = urlOf("/piece/", [PUBLIC, "Content-Range: bytes 0-1/9"], { status: "206 Partial" });
    expect(await asked(piece)).toBe(3);
  });

  test("another method", async () => {
    const url = urlOf("/post/", [PUBLIC]);
    await subject.ask(url);
    expect(await told(url, { method: "POST", body: Buffer.from("x") })).toMatchObject({
      method: "POST",
      count: 2,
    });
    expect(await told(url)).toMatchObject({ count: 1 });
  });
});

describe("to whom", () => {
  test("Authorization: an answer of its own, which nobody else gets", async () => {
    const url = urlOf("/mine/", [PUBLIC]);
    const headers = { Authorization: "Bearer one" };
    expect(await asked(url, [{ headers }, { headers }, { headers }])).toBe(3);
    expect(await asked(url)).toBe(4);
    expect(await told(url, { headers })).toMatchObject({ count: 5 });
  });

  test("its conditions and ranges reach the application", async () => {
    const url = urlOf("/own-conditions/", ["Cache-Control: private"]);
    const headers = { Authorization: "Bearer one", "If-None-Match": '"a"' };
    expect(await told(url, { headers })).toMatchObject({ HTTP_IF_NONE_MATCH: '"a"' });
    expect(await told(url, { headers: { Range: "bytes=0-1" } })).toMatchObject({ HTTP_RANGE: "bytes=0-1" });
  });

  test("Vary: one for each language, and each cookie where it says so", async () => {
    const url = urlOf("/languages/", [PUBLIC, "Vary: Accept-Language"]);
    const asks = ["en", "de", "en", "de"].map((language) => ({ headers: { "Accept-Language": language } }));
    expect(await asked(url, asks)).toBe(2);
    const cookies = ["a=1", "a=2", "a=1"].map((Cookie) => ({ headers: { Cookie } }));
    expect(await asked(urlOf("/cookies/", [PUBLIC, "Vary: Cookie"]), cookies)).toBe(1);
    expect(await asked(urlOf("/any-cookie/", [PUBLIC]), cookies)).toBe(1);
  });

  test("hosts, schemes and what a proxy's headers claim are apart", async () => {
    const url = urlOf("/apart/", [PUBLIC]);
    const headers = [
      { Host: "one.example" },
      { Host: "two.example" },
      { Host: "one.example", "X-Forwarded-Proto": "https" },
      { Host: "one.example", "X-Forwarded-Host": "evil.example" },
      { Host: "one.example", "X-Forwarded-Prefix": "/evil" },
      { Host: "one.example", "CF-Visitor": '{"scheme":"https"}' },
      { Host: "one.example", "Front-End-Https": "on" },
    ];
    for (const [at, header] of headers.entries())
      expect(await told(url, { headers: header })).toMatchObject({ count: at + 1 });
    for (const [at, header] of headers.entries())
      expect(await told(url, { headers: header })).toMatchObject({ count: at + 1 });
  });

  test.each([
    ...["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-User", "Forwarded", "X-HTTP-Method-Override"],
    ...["Remote-Email", "X-SSL-Client-Cert"],
  ])("%s: nothing is kept of what it has made", async (name) => {
    const url = urlOf(`/claim-${name}/`, [PUBLIC]);
    await subject.ask(url, { headers: { [name]: "evil" } });
    expect(await told(url)).toMatchObject({ count: 2 });
    expect(await told(url)).toMatchObject({ count: 2 });
  });

  test("a claim that is too long for a key is no error", async () => {
    const url = urlOf("/long/", [PUBLIC]);
    const headers = { "X-Forwarded-Host": "a".repeat(7_000) };
    expect(await asked(url, [{ headers }, { headers }])).toBe(2);
    expect(await subject.logs()).not.toContain("cache key");
  });
});

test("stale-while-revalidate: nobody waits, and the application is asked by one", async () => {
  // The application needs ten seconds for each answer: whoever gets one sooner has not waited for it.
  const header = "Cache-Control: public, max-age=1, stale-while-revalidate=600";
  const url = urlOf("/stale/", [header], { sleep: "10" });
  expect(await told(url)).toMatchObject({ count: 1 });
  let slowestMs = 0;
  let answers = 0;
  const second = await eventually(
    async () => {
      const began = performance.now();
      const both = await Promise.all([told(url), told(url)]);
      slowestMs = Math.max(slowestMs, performance.now() - began);
      answers += both.length;
      return both[0].count > 1 && both[0];
    },
    { what: "the second answer", intervalMs: 200, timeoutMs: 60_000 },
  );
  expect(slowestMs).toBeLessThan(9_000);
  expect((second as Told).count).toBeLessThan(answers / 2);
});

test("no lock: pages that nobody may keep are made at the same time", async () => {
  const url = urlOf("/together/", [], { sleep: "2" });
  expect(await mostAtOnce(url)).toBeGreaterThan(1);
});

describe("DJINIT_CACHE_LOCK: what many ask for at once", () => {
  const CLIENTS = 50;
  const all = (url: string, headers: Record<string, string> = {}) =>
    Promise.all(Array.from({ length: CLIENTS }, async () => (await told(url, { headers })).count));

  test.each(["/one/", "/locked/", "/locked/below/"])(
    "%s: the application is asked for it once",
    async (path) => {
      const url = urlOf(path, [PUBLIC], { sleep: "1" });
      expect(new Set(await all(url))).toEqual(new Set([1]));
    },
  );

  test("and once more when its time is over: the others get the old one, or the new one", async () => {
    const url = urlOf("/locked/short/", ["Cache-Control: public, max-age=5"], { sleep: "1" });
    await all(url);
    const counts = await eventually(
      async () => {
        const counts = await all(url);
        return Math.max(...counts) > 1 && counts;
      },
      { what: "a new answer", timeoutMs: 60_000, intervalMs: 100 },
    );
    // Without the lock it is as many as there are clients. A slow machine may see it end twice.
    expect(Math.max(...(counts as number[]))).toBeLessThanOrEqual(3);
  });

  test("other paths have no lock, and each has what it had: a method, a body, a user, its error", async () => {
    const near = urlOf("/one/below/", [], { sleep: "1" });
    expect(await mostAtOnce(near)).toBeGreaterThan(1);
    const url = urlOf("/locked/manners/", [PUBLIC]);
    await subject.ask(url);
    const posted = { method: "POST", body: Buffer.from("x") };
    expect(await told(url, posted)).toMatchObject({ method: "POST", count: 2 });
    expect(await told(url, { headers: { Authorization: "Bearer one" } })).toMatchObject({ count: 3 });
    expect(await told(url, { headers: { Accept: "text/event-stream" } })).toMatchObject({ count: 4 });
    expect(await told(url)).toMatchObject({ count: 1 });
    const own = urlOf("/locked/own/", [], { status: "419 Own" });
    expect((await subject.ask(own)).status).toBe(419);
  });
});

test("103 is not sent: nginx would take it for the answer until 1.29 (docs/requests.md)", async () => {
  expect((await subject.ask(urlOf("/hints/", []))).status).toBe(200);
  expect(await subject.container.output(["sh", "-c", "nginx -v 2>&1"])).toMatch(/nginx\/1\.2[0-8]\./);
});

test("events and uploads of a request are as ever", async () => {
  const url = urlOf("/events/", [PUBLIC]);
  const headers = { Accept: "text/event-stream" };
  expect(await asked(url, [{ headers }, { headers }])).toBe(2);
});

test("djinit cache clear: whatever was kept is the application's again", async () => {
  const urls = ["/clear-one/", "/clear-two/"].map((path) => urlOf(path, [PUBLIC]));
  for (const url of urls) expect(await asked(url)).toBe(1);
  const said = await subject.container.output(["djinit", "cache", "clear"]);
  expect(Number(/^cleared: (\d+) answers$/m.exec(said)?.[1])).toBeGreaterThanOrEqual(2);
  for (const url of urls) expect(await asked(url)).toBe(2);
  // What came later is kept, and cleared as well.
  await subject.container.output(["djinit", "cache", "clear"]);
  for (const url of urls) expect(await asked(url)).toBe(3);
  await expect(subject.container.output(["djinit", "cache", "fill"])).rejects.toThrow(
    "it can only be cleared",
  );
});

describe("with DJINIT_TRUSTED_PROXIES and HTTP/2", () => {
  const pair = makePair("shop.example");
  let behind: NginxSubject;
  beforeAll(async () => {
    const files = { "/etc/tls/tls.crt": pair.certificate, "/etc/tls/tls.key": pair.key };
    const tls = { DJINIT_TLS_CERT: "/etc/tls/tls.crt", DJINIT_TLS_KEY: "/etc/tls/tls.key" };
    const environment = { ...ENVIRONMENT, ...tls, DJINIT_TRUSTED_PROXIES: "127.0.0.1" };
    behind = await startSubject(
      { "/app/echo.py": APPLICATION, ...files },
      8000,
      undefined,
      environment,
      [8443],
    );
  });
  afterAll(() => behind?.remove());

  test("a stranger who says what the proxy says has nothing kept for the proxy's clients", async () => {
    const url = urlOf("/stranger/", [PUBLIC]);
    const headers = {
      Host: "shop.example",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "shop.example",
    };
    const stranger = async () => JSON.parse((await behind.ask(url, { headers })).body.toString()) as Told;
    const proxy = async () => {
      const made = `Request(${JSON.stringify(`http://127.0.0.1:8000${url}`)}, headers=${JSON.stringify(headers)})`;
      const program = `from urllib.request import *; print(urlopen(${made}).read().decode())`;
      return JSON.parse(await behind.container.output(["python3", "-c", program])) as Told;
    };
    const mine = await stranger();
    expect(mine).toMatchObject({ count: 1, scheme: "http" });
    expect(mine).not.toHaveProperty("HTTP_X_FORWARDED_HOST");
    const theirs = { count: 2, scheme: "https", HTTP_X_FORWARDED_HOST: "shop.example" };
    expect(await proxy()).toMatchObject(theirs);
    expect([await proxy(), (await stranger()).count]).toMatchObject([theirs, 1]);
  });

  test("GET with a body whose length no header says has an answer of its own", async () => {
    const address = `https://127.0.0.1:${await behind.container.port(8443)}`;
    const session = connect(address, { ca: pair.certificate, servername: "shop.example" });
    const count = async (body?: string): Promise<number> => {
      const stream = session.request(
        { ":path": urlOf("/body/", [PUBLIC]) },
        { endStream: body === undefined },
      );
      if (body !== undefined) stream.end(body);
      const parts: Buffer[] = [];
      for await (const part of stream) parts.push(part as Buffer);
      return (JSON.parse(Buffer.concat(parts).toString()) as Told).count;
    };
    expect([await count("evil"), await count(), await count()]).toEqual([1, 2, 2]);
    // The second one is too large for nginx's memory.
    expect([await count("evil"), await count("x".repeat(40_000)), await count()]).toEqual([3, 4, 2]);
    session.close();
  });
});

test("nothing of it is logged as an error", async () => {
  expect(await subject.logs()).not.toMatch(/"level":"(warn|fatal)"|proxy_cache/);
});
