// nginx serves a project's files where the project's own settings say that they are.
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { buildProject } from "./project-image.ts";
import { startSite, warningsOf } from "./site-subject.ts";

const FOR_EVER = "max-age=315360000, public, immutable";
const CSS = "body {\n  color: peachpuff;\n}\n";

const HASHED = { BACKEND: "django.contrib.staticfiles.storage.ManifestStaticFilesStorage" };
const FILES = { BACKEND: "django.core.files.storage.FileSystemStorage" };

test("a URL and directories of the project's own; what Django has told is used by the start that it was told in", async () => {
  const { ask, container } = await startSite({
    site: {
      STATIC_URL: "/assets/",
      STATIC_ROOT: "/tmp/collected",
      MEDIA_URL: "/uploads/",
      MEDIA_ROOT: "/vol/web/uploads",
      STORAGES: { default: FILES, staticfiles: HASHED },
    },
    files: {
      "/vol/web/uploads/page.html": "<script>",
      "/vol/web/uploads/.env": "secret",
      "/app/static/legacy.txt": "legacy",
      "/app/media/old.txt": "old",
    },
  });
  const plain = await ask("/assets/css/site.css");
  expect([plain.status, plain.body.toString()]).toEqual([200, CSS]);
  expect(plain.headers).toMatchObject({
    "cache-control": "max-age=60, public",
    "x-content-type-options": "nosniff",
  });
  const name = await container.output(["sh", "-c", "basename /tmp/collected/css/site.*.css"]);
  const hashed = await ask(`/assets/css/${name}`);
  expect([hashed.status, hashed.headers["cache-control"]]).toEqual([200, FOR_EVER]);
  expect((await ask("/assets/legacy.txt")).body.toString()).toBe("legacy");
  const upload = await ask("/uploads/page.html");
  expect([upload.status, upload.body.toString()]).toEqual([200, "<script>"]);
  expect(upload.headers["content-security-policy"]).toMatch(/sandbox$/);
  expect((await ask("/uploads/old.txt")).body.toString()).toBe("old");
  for (const path of [
    "/assets/none.css",
    "/assets/staticfiles.json",
    "/assets/css",
    "/assets/",
    "/uploads/.env",
    "/uploads/none",
  ])
    expect((await ask(path)).status, path).toBe(404);
  expect((await ask("/assets%2f..%2f..%2fetc/passwd")).status).toBe(400);
  // The usual URLs are the application's now.
  for (const path of ["/static/css/site.css", "/media/old.txt"])
    expect(JSON.parse((await ask(path)).body.toString()), path).toMatchObject({ path });
  expect(await container.output(["stat", "-c", "%U", "/vol/web/uploads", "/vol/web/uploads/page.html"])).toBe(
    "django\ndjango",
  );
  expect(await warningsOf(container)).toEqual([]);
});

test("links among uploads lead nowhere, wherever the uploads lie", async () => {
  const { ask, container } = await startSite({
    site: { MEDIA_URL: "/uploads/", MEDIA_ROOT: "/vol/media" },
    files: { "/vol/media/a.txt": "a" },
  });
  await container.output(["sh", "-ec", "ln -s /etc/passwd /vol/media/out; ln -s /etc /vol/media/d"], {
    user: "django",
  });
  expect((await ask("/uploads/a.txt")).status).toBe(200);
  for (const path of ["/uploads/out", "/uploads/d/passwd"]) expect((await ask(path)).status, path).toBe(404);
});

test("WhiteNoise and its like are asked for what no file answers; uploads are not", async () => {
  const { ask } = await startSite({
    site: { STATIC_URL: "/static/", STATIC_ROOT: "/tmp/collected", DEBUG: true },
    files: { "/app/media/a.txt": "a" },
  });
  expect((await ask("/static/css/site.css")).body.toString()).toBe(CSS);
  const asked = await ask("/static/css/of%2Fthe.css?application=1");
  expect([asked.status, JSON.parse(asked.body.toString())]).toMatchObject([
    200,
    { path: "/static/css/of/the.css" },
  ]);
  expect((await ask("/static/none")).status).toBe(404);
  expect((await ask("/static/.git/config")).body.toString()).not.toContain("path");
  expect((await ask("/media/a.txt")).status).toBe(200);
});

/** One that has its manifest, and these settings. */
function imageOf(variant: string, site: Record<string, unknown>): Promise<string> {
  const files = { "shop/local.py": `SITE = ${JSON.stringify(site)}\n` };
  return buildProject({ fixture: "site", settings: "shop.settings", variant, files });
}

test("uploads below the static files keep their policy there", async () => {
  const { ask } = await startSite({
    image: await imageOf("nested", {
      STATIC_ROOT: "/srv/all",
      MEDIA_ROOT: "/srv/all/media",
      MEDIA_URL: "/media/",
    }),
    files: { "/srv/all/media/page.html": "<script>", "/srv/all/css/site.css": CSS },
  });
  for (const path of ["/media/page.html", "/static/media/page.html"]) {
    const { status, headers } = await ask(path);
    expect([path, status]).toEqual([path, 200]);
    expect(headers["content-security-policy"]).toMatch(/sandbox$/);
  }
  expect((await ask("/static/css/site.css")).headers).not.toHaveProperty("content-security-policy");
});

test("a root that would publish the project is not served, and said", async () => {
  const { ask, container } = await startSite({
    image: await imageOf("exposed", {
      STATIC_URL: "/static/",
      STATIC_ROOT: "/app",
      MEDIA_ROOT: "/app/shop",
      MEDIA_URL: "/media/",
    }),
    files: { "/app/staticfiles/a.css": "a" },
  });
  for (const path of ["/static/shop/settings.py", "/media/settings.py"])
    expect((await ask(path)).status, path).toBe(404);
  expect((await ask("/static/a.css")).status).toBe(200);
  expect(await warningsOf(container)).toEqual([
    'STATIC_ROOT is "/app", which holds the application\'s directory /app: nginx does not serve it; give it a directory of its own',
    'MEDIA_ROOT is "/app/shop", which holds settings.py: nginx does not serve it; give it a directory of its own',
  ]);
  expect(await container.output(["stat", "-c", "%U", "/app/shop"])).toBe("root");
});

describe("the manifest of an image", () => {
  const SITE = { STATIC_URL: "assets/", STATIC_ROOT: "/var/www/static" };

  test("is enough, without a start of Django", async () => {
    const built = await imageOf("manifest", SITE);
    const { ask, container } = await startSite({
      image: built,
      files: { "/var/www/static/a.css": "a" },
    });
    expect((await ask("/assets/a.css")).body.toString()).toBe("a");
    expect(await warningsOf(container)).toEqual([]);
  });

  test("tells that collectstatic was not run; variables win over it", async () => {
    const built = await imageOf("manifest", SITE);
    const missing = await startSite({ image: built });
    expect(await warningsOf(missing.container)).toEqual([
      "STATIC_ROOT is /var/www/static, which does not exist: collectstatic was not run, and static files are not found; run it when the image is built, or set RUN_COLLECTSTATIC=1",
    ]);
    const { ask } = await startSite({
      image: built,
      env: { DJINIT_STATIC_URL: "/other", DJINIT_STATIC_ROOT: "/srv/other", DJINIT_MEDIA_URL: "none" },
      files: { "/srv/other/a.css": "other", "/app/media/a.txt": "a" },
    });
    expect((await ask("/other/a.css")).body.toString()).toBe("other");
    expect(JSON.parse((await ask("/media/a.txt")).body.toString())).toMatchObject({ path: "/media/a.txt" });
  });
});

test("a location of the user's own for the same URL stays the one", async () => {
  const { ask, container } = await startSite({
    site: { STATIC_URL: "/assets/", STATIC_ROOT: "/tmp/collected" },
    files: {
      "/etc/nginx/conf.d/django.conf.d/locations/assets.conf": "location /assets/ { return 410; }\n",
    },
  });
  expect((await ask("/assets/css/site.css")).status).toBe(410);
  expect(await warningsOf(container)).toEqual([]);
});

test("protected files are for those whom the application sends there", async () => {
  const { ask, container } = await startSite({
    site: { STATIC_ROOT: "/tmp/collected", STATIC_URL: "/static/" },
    env: { DJINIT_PROTECTED_ROOT: "/srv/protected", DJINIT_URL_PREFIX: "/shop" },
    files: {
      // For nginx a request that has been rewritten is an internal one.
      "/etc/nginx/conf.d/django.conf.d/locations/old.conf":
        "location /old/ { rewrite ^/old(/.*)$ $1 last; }\n",
      "/srv/protected/deep/a b.pdf": "%PDF-1.7",
      "/srv/protected/page.html": "<script>",
      "/srv/protected/.env": "secret",
    },
  });
  await container.output(["ln", "-s", "/etc/passwd", "/srv/protected/out"], { user: "django" });
  const whole = await ask("/invoice/deep/a%20b.pdf");
  expect([whole.status, whole.body.toString(), whole.headers["content-type"]]).toEqual([
    200,
    "%PDF-1.7",
    "application/pdf",
  ]);
  expect(whole.headers).toMatchObject({ "x-content-type-options": "nosniff" });
  expect(whole.headers).not.toHaveProperty("x-accel-redirect");
  const part = await ask("/invoice/deep/a%20b.pdf", { headers: { Range: "bytes=1-3" } });
  expect([part.status, part.body.toString()]).toEqual([206, "PDF"]);
  const head = await ask("/invoice/deep/a%20b.pdf", { method: "HEAD" });
  expect([head.status, head.headers["content-length"]]).toEqual([200, "8"]);
  expect((await ask("/invoice/page.html")).headers["content-security-policy"]).toMatch(/sandbox$/);
  expect((await ask("/shop/invoice/deep/a%20b.pdf")).body.toString()).toBe("%PDF-1.7");
  for (const path of [
    "/-/protected/page.html",
    "/shop/-/protected/page.html",
    "/shop//-/protected/page.html",
    "/shop/shop/-/protected/page.html",
    "/shop/%2d/protected/page.html",
    "/shop/-/errors/404",
    "/old/-/protected/page.html",
    "/invoice/out",
    "/invoice/.env",
    "/invoice/../../etc/passwd",
    "/invoice/none",
  ])
    expect((await ask(path)).status, path).not.toBe(200);
  expect(await container.output(["stat", "-c", "%U", "/srv/protected/page.html"])).toBe("django");
});

describe("whose MEDIA_ROOT it may become", () => {
  test.each([
    ["/opt/tools", "root", ""],
    ["/usr/local/share/uploads", "root", ""],
    ["/app/deep/uploads", "django", ""],
    ["/srv/link/nginx", "root", "ln -s /etc /srv/link"],
  ])("%s is then %s's", async (root, owner, prepare) => {
    const dockerfile = [
      `FROM ${await buildProject({ fixture: "site", settings: "shop.settings" })}`,
      "USER root",
      `RUN ${prepare || "true"}; mkdir -p ${root} && touch ${root}/a.txt`,
    ];
    const image = execFileSync("docker", ["build", "--quiet", "-"], { input: `${dockerfile.join("\n")}\n` })
      .toString()
      .trim();
    const { container } = await startSite({ image, env: { DJINIT_MEDIA_ROOT: root } });
    expect(await container.output(["stat", "-c", "%U", root, `${root}/a.txt`])).toBe(`${owner}\n${owner}`);
  });

  test("one that is not there is made where data lies, and nowhere else", async () => {
    const image = await imageOf("unmade", { MEDIA_URL: "/media/", MEDIA_ROOT: "/srv/uploads" });
    const { container } = await startSite({ image, env: { DJINIT_PROTECTED_ROOT: "/opt/protected" } });
    await container.output(["touch", "/srv/uploads/a.txt"], { user: "django" });
    expect((await container.exec(["ls", "/opt/protected"])).exitCode).not.toBe(0);
  });
});
