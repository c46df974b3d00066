// Uploads are anybody's: what a browser would run, what a link leads to, what a name gives away.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Files, type NginxSubject, startSubject } from "./nginx-subject.ts";

const SCRIPT = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(document.domain)</script></svg>';
const SANDBOX = /^default-src 'none'; .*\bsandbox$/;

/** Kinds that a browser would run in the site's origin, or take for one of those. */
const RUN = [
  "html",
  "HTM",
  "xhtml",
  "svg",
  "svgz",
  "xml",
  "xsl",
  "js",
  "mjs",
  "css",
  "txt",
  "json",
  "bin",
  "png.html",
];
/** Those that it shows with a viewer of its own, which the policy would break. */
const SHOWN = ["png", "JPG", "webp", "mp4", "mp3", "webm", "pdf"];

const FILES: Files = {
  "/app/settings.py": "secret",
  "/app/mediafiles/second.svg": SCRIPT,
  "/app/mediafiles/second.png": "picture",
  "/app/media/.thumbs/a.txt": "thumb",
  "/app/media/.well-known/a.txt": "known",
  "/app/media/.htmls-are-secrets": "secret",
  "/app/media/deep/.GIT/config": "secret",
  "/app/media/deep/.Env.local": "secret",
  "/app/media/.aws/credentials": "secret",
  "/app/media/.ssh/id_ed25519": "secret",
  "/app/media/.DS_Store": "secret",
  "/app/media/.bash_history": "secret",
  "/app/media/dump.sql.bak": "secret",
  "/app/media/notes.txt~": "secret",
  "/app/media/staticfiles.json": "an upload",
};
for (const extension of [...RUN, ...SHOWN]) FILES[`/app/media/upload.${extension}`] = SCRIPT;

let subject: NginxSubject;
beforeAll(async () => {
  subject = await startSubject(FILES);
});
afterAll(() => subject?.remove());

async function inContainer(command: string, user = "django"): Promise<void> {
  const { exitCode, all } = await subject.container.exec(["sh", "-ec", command], { user });
  expect([exitCode, all]).toEqual([0, ""]);
}

const served = async (path: string) => {
  const { status, body } = await subject.ask(path);
  return [status, body.toString()];
};

describe("what a browser is told", () => {
  test.each(RUN.map((extension) => `/media/upload.${extension}`))("%s runs nothing", async (path) => {
    const { status, headers, body } = await subject.ask(path, { headers: { "X-Request-ID": "order-1" } });
    expect([status, body.toString()]).toEqual([200, SCRIPT]);
    expect(headers["content-security-policy"]).toMatch(SANDBOX);
    expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "x-request-id": "order-1" });
  });

  test.each(SHOWN.map((extension) => `/media/upload.${extension}`))("%s is shown", async (path) => {
    const { status, headers } = await subject.ask(path);
    expect([status, headers["x-content-type-options"]]).toEqual([200, "nosniff"]);
    expect(headers["content-type"]).not.toMatch(/html|xml|javascript/);
    expect(headers).not.toHaveProperty("content-security-policy");
  });

  test("a type for <img>, <script> and style sheets stays what it was", async () => {
    const types = ["svg", "js", "css", "html"].map(
      async (extension) => (await subject.ask(`/media/upload.${extension}`)).headers["content-type"],
    );
    expect(await Promise.all(types)).toEqual([
      "image/svg+xml",
      "application/javascript",
      "text/css",
      "text/html",
    ]);
  });

  test("the same of mediafiles/", async () => {
    const { status, headers, body } = await subject.ask("/media/second.svg");
    expect([status, body.toString()]).toEqual([200, SCRIPT]);
    expect(headers["content-security-policy"]).toMatch(SANDBOX);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["x-request-id"]).toMatch(/^[0-9a-f]{32}$/);
    expect((await subject.ask("/media/second.png")).headers).not.toHaveProperty("content-security-policy");
  });

  test("a HEAD, a part and an unchanged file have the same headers", async () => {
    const path = "/media/upload.svg";
    const { headers } = await subject.ask(path, { method: "HEAD" });
    expect(headers["content-length"]).toBe(String(SCRIPT.length));
    const part = await subject.ask(path, { headers: { Range: "bytes=1-3" } });
    expect([part.status, part.body.toString()]).toEqual([206, SCRIPT.slice(1, 4)]);
    const unchanged = await subject.ask(path, { headers: { "If-None-Match": headers.etag } });
    expect(unchanged.status).toBe(304);
    for (const answer of [headers, part.headers, unchanged.headers]) {
      expect(answer["content-security-policy"]).toMatch(SANDBOX);
      expect(answer["x-content-type-options"]).toBe("nosniff");
    }
    const { etag } = (await subject.ask("/media/upload.png")).headers;
    const picture = await subject.ask("/media/upload.png", { headers: { "If-None-Match": etag } });
    expect([picture.status, picture.headers["content-security-policy"]]).toEqual([304, undefined]);
  });
});

describe("links", () => {
  test.each([
    ["to a file of the system", "ln -s /etc/passwd /app/media/link", "/media/link"],
    ["to a file of django's own", "ln -s /run/django/own /app/media/own", "/media/own"],
    ["to the settings, relative", "ln -s ../settings.py /app/media/settings", "/media/settings"],
    ["to a directory", "ln -s /app /app/media/app", "/media/app/settings.py"],
    ["below a directory", "mkdir /app/media/d; ln -s / /app/media/d/root", "/media/d/root/etc/passwd"],
    ["of mediafiles/", "ln -s /etc/passwd /app/mediafiles/link2", "/media/link2"],
  ])("%s: nobody gets what it leads to", async (_, plant, path) => {
    await inContainer("echo secret > /run/django/own");
    await inContainer(plant);
    const { status, body } = await subject.ask(path);
    expect(status).toBe(404);
    expect(body.toString()).not.toMatch(/secret|root:/);
  });

  test("a FIFO does not hold a request up", async () => {
    await inContainer("mkfifo /app/media/fifo");
    expect((await subject.ask("/media/fifo")).status).toBe(404);
  });

  test("a media directory that is a link itself is followed", async () => {
    for (const name of ["media", "mediafiles"]) {
      await inContainer(
        `mkdir -p /data; mv /app/${name} /data/${name}; ln -s /data/${name} /app/${name}`,
        "root",
      );
    }
    expect(await served("/media/upload.txt")).toEqual([200, SCRIPT]);
    expect(await served("/media/second.png")).toEqual([200, "picture"]);
    await inContainer("ln -s /etc/passwd /data/media/link3");
    expect((await subject.ask("/media/link3")).status).toBe(404);
  });
});

describe("names", () => {
  test.each([
    ["/media/.thumbs/a.txt", "thumb"],
    ["/media/.well-known/a.txt", "known"],
    ["/media/staticfiles.json", "an upload"],
  ])("%s is served", async (path, content) => {
    expect(await served(path)).toEqual([200, content]);
  });

  test.each([
    "/media/.htmls-are-secrets",
    "/media/deep/.GIT/config",
    "/media/deep/%2e%47IT/config",
    "/media/deep/.Env.local",
    "/media/.aws/credentials",
    "/media/.ssh/id_ed25519",
    "/media/.DS_Store",
    "/media/.bash_history",
    "/media/dump.sql.bak",
    "/media/notes.txt~",
  ])("%s is not", async (path) => {
    const { status, headers, body } = await subject.ask(path);
    expect([status, body.includes("secret")]).toEqual([404, false]);
    expect(headers["x-request-id"]).toMatch(/^[0-9a-f]{32}$/);
  });
});
