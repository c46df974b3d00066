// What nginx answers by itself, and to whom it says that they ask too often.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type NginxSubject, startSubject } from "./nginx-subject.ts";
import type { Answer } from "./raw-request.ts";

const JSON_ACCEPTED = { Accept: "application/json, text/plain, */*" };
/** The engine's own networks, from which the requests of these tests come. */
const NEIGHBOURS = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16";

let subject: NginxSubject;

const kind = ({ headers }: Answer) => headers["content-type"];

function expectManners({ headers }: Answer): void {
  expect(headers).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
  expect(headers["x-request-id"]).toMatch(/./);
}

describe("the image's pages", () => {
  beforeAll(async () => {
    const lock = { DJINIT_CACHE: "10m", DJINIT_CACHE_LOCK: "/dies/locked/" };
    subject = await startSubject({}, 8000, undefined, { DJINIT_MAX_BODY_SIZE: "1k", ...lock });
  });
  afterAll(() => subject?.remove());

  const TOO_LARGE = { body: Buffer.alloc(2_000) };
  test.each([
    [413, "/", TOO_LARGE],
    [414, `/${"a".repeat(9_000)}`, {}],
    [431, "/", { headers: { Cookie: "c".repeat(9_000) } }],
    [502, "/dies/", {}],
    [502, "/dies/locked/", {}],
  ])("%d, for a browser and for a program: %s", async (status, path, ask) => {
    const page = await subject.ask(path, ask);
    expect([page.status, kind(page)]).toEqual([status, "text/html"]);
    expect(page.body.toString()).toContain("<p>");
    expect(page.body.toString()).not.toContain("nginx");
    expectManners(page);
    // Where nginx has not read all headers, it knows no wish of the client's.
    if (status === 414 || status === 431) return;
    const answer = await subject.ask(path, { ...ask, headers: JSON_ACCEPTED });
    expect([answer.status, kind(answer)]).toEqual([status, "application/json"]);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ status });
    expectManners(answer);
  });

  test("502, for whoever asked for events", async () => {
    const page = await subject.ask("/dies/", { headers: { Accept: "text/event-stream" } });
    expect([page.status, page.body.toString()]).toEqual([502, expect.stringContaining("<p>")]);
    expectManners(page);
  });

  test.each([413, 429, 500, 502, 504])("the application's own %d passes as it is", async (status) => {
    const { status: arrived, body } = await subject.ask(
      `/body/?bytes=7&type=text/plain&status=${status}%20Own`,
    );
    expect([arrived, body.toString()]).toEqual([status, "bbbbbbb"]);
  });

  test("nobody can ask for the pages themselves", async () => {
    expect((await subject.ask("/-/errors/413")).status).toBe(404);
  });
});

describe("a project's own", () => {
  beforeAll(async () => {
    const files = {
      "/app/errors/413.html": "own 413 page",
      "/app/errors/502.json": '{"own":502}',
      // The image's may be replaced as well, and an error_page of one's own wins.
      "/etc/nginx/errors/414.html": "replaced",
      "/etc/nginx/conf.d/django.conf.d/locations/own.conf": `error_page 504 /static/late.html;
        location /silent/ { include /etc/nginx/conf.d/django.conf.d/application.conf; proxy_read_timeout 1s; }\n`,
      "/app/static/late.html": "late",
      "/app/media/a.svg": "a picture",
      "/srv/pages/500.html": "linked 500 page",
    };
    subject = await startSubject(files, 8000, undefined, {
      DJINIT_MEDIA_HEADERS: "Access-Control-Allow-Origin: https://shop.example",
      DJINIT_STATIC_HEADERS: "Cross-Origin-Resource-Policy: same-site | cache-control: max-age=5",
      DJINIT_ERROR_PAGES: "/app/errors",
      // What keeps links from leading anywhere is to hold without it, too.
      DJINIT_CONFINE: "off",
      DJINIT_MAX_BODY_SIZE: "1k",
    });
  });
  afterAll(() => subject?.remove());

  test.each([
    [413, "own 413 page", "/", { body: Buffer.alloc(2_000) }],
    [413, '"status": 413', "/", { body: Buffer.alloc(2_000), headers: JSON_ACCEPTED }],
    [502, '{"own":502}', "/dies/", { headers: JSON_ACCEPTED }],
    [502, "<h1>Bad Gateway</h1>", "/dies/", {}],
    [414, "replaced", `/${"a".repeat(9_000)}`, {}],
    [504, "late", "/silent/?3", {}],
  ])("%d: %s", async (status, text, path, ask) => {
    const answer = await subject.ask(path, ask);
    expect([answer.status, answer.body.toString()]).toEqual([status, expect.stringContaining(text)]);
  });

  test("a link of the application's leads to none of another's files; one of root's does", async () => {
    const links = `ln -s /etc/passwd /app/errors/431.html; chown -h django /app/errors/431.html
      ln -s /srv/pages/500.html /app/errors/502.html`;
    await subject.container.output(["sh", "-ec", links]);
    const refused = await subject.ask("/", { headers: { Cookie: "c".repeat(9_000) } });
    expect([refused.status, refused.body.toString()]).toEqual([431, expect.stringContaining("<h1>")]);
    expect((await subject.ask("/dies/")).body.toString()).toBe("linked 500 page");
  });

  test("headers of its own for static files and for uploads, and for nothing else", async () => {
    const [file, missing, page] = await Promise.all(
      ["/static/late.html", "/static/none.css", "/"].map(async (path) => (await subject.ask(path)).headers),
    );
    expect(file).toMatchObject({
      "cache-control": "max-age=5",
      "cross-origin-resource-policy": "same-site",
      "x-content-type-options": "nosniff",
    });
    expect(missing).toMatchObject({ "cross-origin-resource-policy": "same-site" });
    expect(missing).not.toHaveProperty("cache-control");
    expect(page).not.toHaveProperty("cross-origin-resource-policy");
    const { headers: upload } = await subject.ask("/media/a.svg");
    expect(upload).toMatchObject({
      "access-control-allow-origin": "https://shop.example",
      "content-security-policy": expect.stringContaining("sandbox"),
    });
    expect(file).not.toHaveProperty("access-control-allow-origin");
  });
});

describe("an error_page of one's own that leads to the application", () => {
  beforeAll(async () => {
    const own = "error_page 502 = /dies/sorry/;\nerror_page 413 /sorry/;\n";
    subject = await startSubject(
      { "/etc/nginx/conf.d/django.conf.d/locations/own.conf": own },
      8000,
      undefined,
      { DJINIT_MAX_BODY_SIZE: "1k" },
    );
  });
  afterAll(() => subject?.remove());

  test.each(["*/*", "text/event-stream"])("is asked for once, for %s", async (Accept) => {
    expect((await subject.ask("/dies/", { headers: { Accept } })).status).toBe(502);
    const answer = await subject.ask("/", { headers: { Accept }, body: Buffer.alloc(2_000) });
    expect([answer.status, JSON.parse(answer.body.toString())]).toMatchObject([413, { path: "/sorry/" }]);
  });

  test("and no further", async () => {
    expect(await subject.logs()).not.toContain("redirection cycle");
  });
});

describe("DJINIT_RATE_LIMIT", () => {
  beforeAll(async () => {
    subject = await startSubject({ "/app/static/page.txt": "page" }, 8000, undefined, {
      DJINIT_RATE_LIMIT: "2/m",
      DJINIT_TRUSTED_PROXIES: NEIGHBOURS,
      DJINIT_NGINX_PROBES: "1",
    });
  });
  afterAll(() => subject?.remove());

  async function statuses(path: string, clients: readonly string[]): Promise<number[]> {
    const found: number[] = [];
    for (const client of clients)
      found.push((await subject.ask(path, { headers: { "X-Forwarded-For": client } })).status);
    return found;
  }
  const times = (count: number, client: string) => Array<string>(count).fill(client);

  test("behind a trusted proxy each client has its own: one, the burst, and no more", async () => {
    expect(await statuses("/", times(4, "192.0.2.1"))).toEqual([200, 200, 200, 429]);
    // The last address that is no proxy is the client's. What the client has written before it says nothing.
    expect(await statuses("/", ["192.0.2.9, 192.0.2.1", "192.0.2.2"])).toEqual([429, 200]);
  });

  test("the answer says when to come back, the record that nginx gave it, the metric how many there were", async () => {
    const client = "198.51.100.1";
    await statuses("/often/", times(3, client));
    const answer = await subject.ask("/often/", { headers: { "X-Forwarded-For": client } });
    expect([answer.status, answer.headers["retry-after"]]).toEqual([429, "30"]);
    expectManners(answer);
    const headers = { "X-Forwarded-For": client, Accept: "text/event-stream" };
    const stream = await subject.ask("/often/events/", { headers });
    expect([stream.status, stream.headers["retry-after"]]).toEqual([429, "30"]);
    expectManners(stream);
    const records = await subject.records("/often/", 4);
    expect(records[3]).toMatchObject({
      level: "info",
      client: { address: client },
      http: { response: { status_code: 429 }, upstream: { duration: null } },
    });
    expect(await subject.logs()).not.toContain("limiting requests");
    const page = await subject.container.output(["python", "-c", READ_METRICS]);
    expect(Number(/^nginx_http_limited_requests_total\{.*\} (\d+)$/m.exec(page)?.[1])).toBeGreaterThan(0);
  });

  test("all IPv6 addresses of one /64 are one client", async () => {
    const clients = ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3", "2001:db8:1:2::4"];
    expect(await statuses("/", [...clients, "2001:db8:1:3::1"])).toEqual([200, 200, 200, 429, 200]);
  });

  test("an IPv4 address in the form of IPv6 is that address", async () => {
    expect(
      await statuses("/", [...times(3, "::ffff:203.0.113.1"), "203.0.113.1", "::ffff:203.0.113.2"]),
    ).toEqual([200, 200, 200, 429, 200]);
  });

  test("who is no trusted proxy cannot be somebody else by writing so", async () => {
    const said = await subject.container.output(["python", "-c", ASK_AS_MANY]);
    expect(JSON.parse(said)).toEqual([200, 200, 200, 429, 429]);
  });

  test.each(["/static/page.txt", "/-/livez"])("%s is not counted", async (path) => {
    expect(new Set(await statuses(path, times(9, "192.0.2.77")))).toEqual(new Set([200]));
    expect((await statuses("/", ["192.0.2.77"]))[0]).toBe(200);
  });
});

const READ_METRICS = `
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:9180/metrics").read().decode())
`;

/** At nginx's own port, from an address that is not trusted. */
const ASK_AS_MANY = `
import http.client, json
def ask(client):
    connection = http.client.HTTPConnection("127.0.0.1", 8000)
    connection.request("GET", "/", headers={"X-Forwarded-For": client})
    return connection.getresponse().status
print(json.dumps([ask(f"192.0.2.{number}") for number in range(100, 105)]))
`;
