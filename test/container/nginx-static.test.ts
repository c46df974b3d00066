import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Container, createContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { runContext } from "../support/run-context.ts";
import { isReady } from "./cake-subject.ts";
import { type Files, type NginxSubject, startSubject } from "./nginx-subject.ts";
import { type Ask, rawRequest } from "./raw-request.ts";

const APPLICATION = join(import.meta.dirname, "../fixtures/echo-wsgi");
const FOR_EVER = "max-age=315360000, public, immutable";
const FOR_A_MINUTE = "max-age=60, public";

/** Path below /static/ → the Cache-Control it must get. */
const CACHED: Record<string, string> = {
  "css/site.0123456789ab.css": FOR_EVER,
  "css/site.abcdef012345.css": FOR_EVER,
  "css/deep/er/site.0123456789ab.css": FOR_EVER,
  "site.0123456789ab.css": FOR_EVER,
  "js/site.min.0123456789ab.js": FOR_EVER,
  "fonts/sans.0123456789ab.woff2": FOR_EVER,
  "CACHE/js/0123456789ab.js": FOR_EVER,
  "CACHE/css/0123456789ab.css": FOR_EVER,
  "css/site.css": FOR_A_MINUTE,
  "css/site.0123456789a.css": FOR_A_MINUTE,
  "css/site.0123456789abc.css": FOR_A_MINUTE,
  "css/site.0123456789AB.css": FOR_A_MINUTE,
  "css/site.0123456789ag.css": FOR_A_MINUTE,
  "css/site-0123456789ab.css": FOR_A_MINUTE,
  "css/LICENSE.0123456789ab": FOR_A_MINUTE,
  "css/site.0123456789ab.d/index.css": FOR_A_MINUTE,
  "css/0123456789ab.css": FOR_A_MINUTE,
  "CACHE/js/0123456789a.js": FOR_A_MINUTE,
  "CACHE/js/0123456789abc.js": FOR_A_MINUTE,
  "CACHE/img/0123456789ab.js": FOR_A_MINUTE,
  "CACHE/js/0123456789ab.map": FOR_A_MINUTE,
  "sub/CACHE/js/0123456789ab.js": FOR_A_MINUTE,
};

const FILES: Files = {
  "/app/secret.txt": "secret",
  "/app/static/both.txt": "static",
  "/app/staticfiles/both.txt": "staticfiles",
  "/app/staticfiles/second.txt": "staticfiles",
  "/app/staticfiles/css/second.0123456789ab.css": "staticfiles",
  "/app/staticfiles/.env": "secret",
  "/app/static/.env": "secret",
  "/app/static/.git/config": "secret",
  "/app/static/css/.htpasswd": "secret",
  "/app/static/.vite/manifest.json": "vite",
  "/app/static/.well-known/security.txt": "contact",
  "/app/static/app.js.map": "map",
  "/app/static/staticfiles.json": "secret",
  "/app/staticfiles/CACHE/manifest.json": "secret",
  "/app/static/app.js~": "secret",
  "/app/static/app.js.bak": "secret",
  "/app/static/css/site.css.ORIG": "secret",
  "/app/static/css/.site.css.swp": "secret",
  "/app/static/data.json": "data",
  "/app/static/shops.geojson": "[".repeat(2_000),
  "/app/media/both.txt": "media",
  "/app/mediafiles/both.txt": "mediafiles",
  "/app/mediafiles/second.txt": "mediafiles",
  "/app/media/upload.0123456789ab.css": "media",
  "/app/media/.env": "secret",
  "/app/media/uploads/picture.png": "media",
};
for (const path of Object.keys(CACHED)) FILES[`/app/static/${path}`] = path;

let subject: NginxSubject;
beforeAll(async () => {
  subject = await startSubject(FILES);
});
afterAll(() => subject?.remove());

describe("where files are looked for", () => {
  test.each([
    ["/static/both.txt", "static"],
    ["/static/second.txt", "staticfiles"],
    ["/media/both.txt", "media"],
    ["/media/second.txt", "mediafiles"],
    ["/media/uploads/picture.png", "media"],
  ])("%s is served from %s/", async (path, directory) => {
    const { status, body } = await subject.ask(path);
    expect([status, body.toString()]).toEqual([200, directory]);
  });

  test.each(["/static/none.txt", "/media/none.txt", "/static/none.0123456789ab.css"])(
    "%s is a 404 of nginx",
    async (path) => {
      const { status, headers, body } = await subject.ask(path);
      expect(status).toBe(404);
      expect(body.toString()).toContain("nginx");
      expect(headers["cache-control"]).toBeUndefined();
    },
  );

  test.each([
    "/",
    "/static",
    "/media",
    "/staticfoo",
    "/staticfiles/second.txt",
    "/mediafiles/second.txt",
    "/x/static/both.txt",
  ])("%s goes to gunicorn", async (path) => {
    expect(await subject.echo(path)).toMatchObject({ method: "GET", path });
  });
});

describe("Cache-Control", () => {
  test.each(Object.entries(CACHED))("/static/%s: %s", async (path, expected) => {
    const { status, headers, body } = await subject.ask(`/static/${path}`);
    expect([status, body.toString(), headers["cache-control"]]).toEqual([200, path, expected]);
  });

  test("a hashed name in staticfiles/ counts as well", async () => {
    const { status, headers } = await subject.ask("/static/css/second.0123456789ab.css");
    expect([status, headers["cache-control"]]).toEqual([200, FOR_EVER]);
  });

  test("an unhashed one in staticfiles/ is kept for a minute", async () => {
    expect((await subject.ask("/static/second.txt")).headers["cache-control"]).toBe(FOR_A_MINUTE);
  });

  test("media is left to the browser: an upload may have any name and change", async () => {
    const { status, headers } = await subject.ask("/media/upload.0123456789ab.css");
    expect([status, headers["cache-control"]]).toEqual([200, undefined]);
  });

  test("a revalidation repeats it", async () => {
    const { etag } = (await subject.ask("/static/both.txt")).headers;
    const { status, headers } = await subject.ask("/static/both.txt", { headers: { "If-None-Match": etag } });
    expect([status, headers["cache-control"]]).toEqual([304, FOR_A_MINUTE]);
  });
});

test.each([
  ["/static/.vite/manifest.json", "vite"],
  ["/static/.well-known/security.txt", "contact"],
  ["/static/app.js.map", "map"],
  ["/static/data.json", "data"],
])("%s is served, and not guessed at", async (path, content) => {
  const { status, headers, body } = await subject.ask(path, { headers: { "X-Request-ID": "order-1" } });
  expect([status, body.toString()]).toEqual([200, content]);
  expect(headers).toMatchObject({
    "x-content-type-options": "nosniff",
    "x-request-id": "order-1",
    "cache-control": FOR_A_MINUTE,
  });
  expect(headers).not.toHaveProperty("content-security-policy");
});

test.each([
  ["/static/both.txt", "text/plain; charset=utf-8"],
  ["/static/css/site.css", "text/css; charset=utf-8"],
  ["/static/js/site.min.0123456789ab.js", "application/javascript; charset=utf-8"],
  ["/static/data.json", "application/json"],
  ["/static/shops.geojson", "application/geo+json"],
  // Anybody's text.
  ["/media/both.txt", "text/plain"],
])("%s is %s", async (path, type) => {
  const { status, headers } = await subject.ask(path);
  expect([status, headers["content-type"]]).toEqual([200, type]);
});

test("a map is compressed on its way", async () => {
  const { headers } = await subject.ask("/static/shops.geojson", { headers: { "Accept-Encoding": "gzip" } });
  expect(headers).toMatchObject({ "content-encoding": "gzip", vary: "Accept-Encoding" });
});

describe("files that all have the time of a reproducible build", () => {
  const MAKE = `mkdir static
    echo old > static/site.css
    echo old > static/a.0123456789ab.css
    touch -d @315532801 static/*
    exec djinit echo:application`;
  let container: Container;
  const ask = async (path: string, options?: Ask) => rawRequest(await container.port(8000), path, options);
  beforeAll(async () => {
    container = await createContainer({
      image: runContext().images.djinit,
      entrypoint: "sh",
      command: ["-ec", MAKE],
      env: { SKIP_MIGRATIONS: "1" },
      publish: [8000],
    });
    await docker("copy the application", ["cp", `${APPLICATION}/.`, `${container.id}:/app/`]);
    await docker("start the subject", ["start", container.id]);
    await container.record("readiness", isReady);
  });
  afterAll(() => container?.rm());

  test("another file of the same size is sent, whatever the browser has kept", async () => {
    const before = await ask("/static/site.css");
    expect([before.status, before.headers.etag, before.headers["last-modified"]]).toEqual([
      200,
      undefined,
      undefined,
    ]);
    await container.output([
      "sh",
      "-ec",
      "echo new > /app/static/site.css; touch -d @315532801 /app/static/site.css",
    ]);
    const kept = { "If-Modified-Since": "Tue, 01 Jan 1980 00:00:01 GMT", "If-None-Match": '"12cea601-4"' };
    await eventually(
      async () => {
        const { status, body } = await ask("/static/site.css", { headers: kept });
        expect([status, body.toString()]).toEqual([200, "new\n"]);
      },
      { what: "the new file" },
    );
    expect((await ask("/static/a.0123456789ab.css")).headers["cache-control"]).toBe(FOR_EVER);
  });
});

test("a link of root's is followed, wherever it leads in the project", async () => {
  await subject.container.exec(["ln", "-s", "/app/secret.txt", "/app/static/linked.txt"]);
  // It has come after the start, and nginx is confined.
  await subject.container.exec(["djinit", "reload"]);
  await eventually(
    async () => {
      const { status, body } = await subject.ask("/static/linked.txt");
      expect([status, body.toString()]).toEqual([200, "secret"]);
    },
    { what: "the link's file" },
  );
});

describe("what must not get out", () => {
  test.each([
    "/static/.env",
    "/static/.git/config",
    "/static/%2egit/config",
    "/static/css/.htpasswd",
    "/static/x/../.env",
    "/media/.env",
    "/static/staticfiles.json",
    "/static//staticfiles.json",
    "/static/CACHE/manifest.json",
    "/static/app.js~",
    "/static/app.js%7e",
    "/static/app.js.bak",
    "/static/css/site.css.ORIG",
    "/static/css/.site.css.swp",
  ])("%s: no secret, no leftover, no list for the application", async (path) => {
    const { status, body } = await subject.ask(path);
    expect([status, body.includes("secret")]).toEqual([404, false]);
  });

  test.each(["/static/", "/static/css", "/static/css/", "/media/", "/media/uploads", "/media/uploads/"])(
    "%s: no list of a directory, and no redirect to one",
    async (path) => {
      expect((await subject.ask(path)).status).toBe(404);
    },
  );

  test.each([
    "/secret.txt",
    "/static../secret.txt",
    "/static/../secret.txt",
    "/static/..%2fsecret.txt",
    "/static/%2e%2e/secret.txt",
    "/static/css/../../secret.txt",
    "/media../secret.txt",
    "/media/../secret.txt",
    "/static//../secret.txt",
  ])("%s: nothing of /app beside the four directories", async (path) => {
    expect((await subject.ask(path)).body.toString()).not.toBe("secret");
  });

  test("nginx does not tell its version", async () => {
    const { headers, body } = await subject.ask("/static/none.txt");
    expect(headers.server).toBe("nginx");
    expect(body.toString()).not.toMatch(/nginx\/\d/);
  });
});

describe("a file that nginx keeps open", () => {
  /** Descriptors of nginx's that lead to files of this name. */
  const kept = (name: string) =>
    subject.container.output(["sh", "-c", `ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c /${name} || true`], {
      user: "nginx",
    });
  const root = (script: string) => subject.container.output(["sh", "-euc", script], { user: "root" });
  const text = async (name: string) => {
    const { status, body } = await subject.ask(`/static/${name}`);
    return status === 200 ? body.toString() : status;
  };
  /** So that it is kept. Where that failed, the rest would say nothing. */
  const keepOpen = async (name: string) => {
    await root(`mkdir -p /app/static/old /app/static/new && echo -n old > /app/static/old/${name}`);
    await root(
      `ln -sfn old/${name} /app/static/link-${name}; cp /app/static/old/${name} /app/static/${name}`,
    );
    for (const path of [name, `link-${name}`])
      for (let times = 0; times < 3; times++) expect(await text(path)).toBe("old");
    await eventually(async () => Number(await kept(name)) >= 2, { what: `${name} among nginx's open files` });
  };

  test.each([
    ["replaced", "echo -n new > /app/static/new/$F && mv /app/static/new/$F /app/static/$F", "new"],
    ["written anew in its place", "echo -n 'as new' > /app/static/$F", "as new"],
    ["removed", "rm /app/static/$F", 404],
  ])("is %s: the next second knows", async (change, script, expected) => {
    const name = `${change.replaceAll(" ", "-")}.txt`;
    await keepOpen(name);
    await root(`F=${name}; ${script}`);
    await eventually(async () => (await text(name)) === expected, { what: `${expected}`, timeoutMs: 5_000 });
  });

  test("a link that leads elsewhere now, as a volume's of Kubernetes", async () => {
    await keepOpen("moved.txt");
    await root("echo -n new > /app/static/new/moved.txt && ln -sfn new/moved.txt /app/static/link-moved.txt");
    await eventually(async () => (await text("link-moved.txt")) === "new", {
      what: "the new file",
      timeoutMs: 5_000,
    });
  });

  test("one that was a 404 is there at once", async () => {
    for (let times = 0; times < 3; times++) expect(await text("later.txt")).toBe(404);
    await root("echo -n new > /app/static/later.txt");
    expect(await text("later.txt")).toBe("new");
  });

  test("no upload is kept", async () => {
    await root("mkdir -p /app/media && echo -n old > /app/media/upload.txt");
    for (let times = 0; times < 3; times++) expect((await subject.ask("/media/upload.txt")).status).toBe(200);
    await eventually(async () => Number(await kept("upload.txt")) === 0, { what: "it is closed" });
  });
});
