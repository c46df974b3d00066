// Static files that an image's build has compressed, as nginx serves them.
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildImage } from "../../tools/image/build-image.ts";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { docker } from "../support/docker-cli.ts";
import { runContext } from "../support/run-context.ts";
import { startReadyCake } from "./cake-subject.ts";
import { type Files, type NginxSubject, startSubject } from "./nginx-subject.ts";
import { rawRequest } from "./raw-request.ts";

const CSS = "body { color: rebeccapurple; }\n".repeat(200);
const CHANGED = "body { color: tomato; }\n".repeat(200);
const THEIRS = gzipSync(CSS, { level: 1 });
const HASHED = "/static/css/site.0123456789ab.css";

/** As a project's build has them. The fourth is what WhiteNoise leaves, the fifth is of a file that was there before. */
const BUILT: Files = {
  "static/site.css": CSS,
  "static/css/site.0123456789ab.css": CSS,
  "static/whitenoise.css": CSS,
  "static/whitenoise.css.gz": THEIRS,
  "static/replaced.css": CSS,
  "static/replaced.css.gz": gzipSync(CHANGED),
  "static/module.wasm": Buffer.alloc(4_096, "wasm"),
  "static/small.css": CSS.slice(0, 100),
  "static/picture.png": CSS,
  "static/staticfiles.json": CSS,
  "static/staticfiles.json.gz": gzipSync(CSS),
  "static/app.js.bak.gz": gzipSync(CSS),
  "media/site.css": CSS,
  "media/site.css.gz": gzipSync(CHANGED),
};

const IMAGE = `djinit-test-precompressed:${IMAGE_VERSION}`;
const IMAGE_OF_DJANGO = `djinit-test-precompressed-django:${IMAGE_VERSION}`;
const subjects: NginxSubject[] = [];

async function start(...args: Parameters<typeof startSubject>): Promise<NginxSubject> {
  const subject = await startSubject(...args);
  subjects.push(subject);
  return subject;
}

/** All files have the time of that day. */
async function build(tag: string, day: string, files: Files, lines: readonly string[]): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), "precompressed-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(context, "app", path)), { recursive: true });
      await writeFile(join(context, "app", path), content);
      await utimes(join(context, "app", path), new Date(day), new Date(day));
    }
    const dockerfile = join(context, "Dockerfile");
    await writeFile(dockerfile, `${lines.join("\n")}\n`);
    await buildImage({ tag, dockerfile, context });
  } finally {
    await rm(context, { recursive: true });
  }
}

let subject: NginxSubject;
beforeAll(async () => {
  const precompress = "RUN chmod -R go+rX /app && DJINIT_STATIC_ROOT=/app/static djinit precompress";
  await build(IMAGE, "2026-02-03", BUILT, [
    `FROM ${runContext().images.djinit}`,
    "COPY app /app",
    precompress,
  ]);
  const later = { "static/site.css": CHANGED, [HASHED.slice(1)]: CSS };
  const give = "RUN chmod -R go+rX /app && chown -R django:django /app/static";
  await build(IMAGE_OF_DJANGO, "2026-03-04", later, [`FROM ${IMAGE}`, "COPY app /app", give]);
  subject = await start({}, 8000, IMAGE);
});
afterAll(async () => {
  await Promise.all(subjects.map((it) => it.remove()));
  await docker("remove the images", ["rmi", "--force", IMAGE_OF_DJANGO, IMAGE]);
});

function accepting(encodings: string, headers: OutgoingHttpHeaders = {}) {
  return { headers: { "Accept-Encoding": encodings, ...headers } };
}

const isWeak = ({ etag = "" }: IncomingHttpHeaders) => etag.startsWith("W/");

async function content(from: NginxSubject, path: string, encodings: string): Promise<string> {
  const { status, headers, body } = await from.ask(path, accepting(encodings));
  if (status !== 200) return `status ${status}`;
  const how = headers["content-encoding"];
  const plain = how === "br" ? brotliDecompressSync(body) : how === "gzip" ? gunzipSync(body) : body;
  return `${how ?? "identity"}${isWeak(headers) ? " on the fly" : ""}: ${plain.toString()}`;
}

describe("each encoding", () => {
  const CASES: [accepts: string, encoding: string | undefined][] = [
    ["gzip, deflate, br, zstd", "br"],
    ["br", "br"],
    ["gzip", "gzip"],
    ["gzip, br;q=0", "gzip"],
    ["gzip;q=0, br;q=0", undefined],
    ["identity", undefined],
  ];

  test.each(CASES)("%s: %s, whole, in part, not at all and not again", async (accepts, encoding) => {
    for (const path of ["/static/site.css", HASHED]) {
      const { status, headers, body } = await subject.ask(path, accepting(accepts));
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        "content-type": "text/css; charset=utf-8",
        "content-length": String(body.length),
        vary: "Accept-Encoding",
        "x-content-type-options": "nosniff",
        "cache-control": path === HASHED ? "max-age=315360000, public, immutable" : "max-age=60, public",
      });
      expect(headers["content-encoding"]).toBe(encoding);
      expect(await content(subject, path, accepts)).toBe(`${encoding ?? "identity"}: ${CSS}`);

      const head = await subject.ask(path, { ...accepting(accepts), method: "HEAD" });
      expect([head.status, head.body.length]).toEqual([200, 0]);
      for (const name of ["content-length", "content-encoding", "etag", "vary"])
        expect(head.headers[name]).toBe(headers[name]);

      const again = await subject.ask(path, accepting(accepts, { "If-None-Match": headers.etag }));
      expect([again.status, again.body.length, again.headers.etag]).toEqual([304, 0, headers.etag]);

      const part = await subject.ask(
        path,
        accepting(accepts, { Range: "bytes=10-19", "If-Range": headers.etag }),
      );
      if (part.status === 200) expect(part.body.equals(body)).toBe(true);
      else expect([part.status, part.body]).toEqual([206, body.subarray(10, 20)]);
    }
  });

  test("an answer to one encoding is never taken for another's", async () => {
    const tags = await Promise.all(
      ["br", "gzip", "identity"].map(
        async (it) => (await subject.ask("/static/site.css", accepting(it))).headers.etag,
      ),
    );
    expect(new Set(tags).size).toBe(3);
    expect(tags.every((tag) => tag?.startsWith('"'))).toBe(true);
    const gzip = accepting("gzip", { "If-None-Match": tags[0] });
    expect((await subject.ask("/static/site.css", gzip)).status).toBe(200);
  });

  test("an identity range has its bytes", async () => {
    const { status, body } = await subject.ask(
      "/static/site.css",
      accepting("identity", { Range: "bytes=5-9" }),
    );
    expect([status, body.toString()]).toEqual([206, CSS.slice(5, 10)]);
  });
});

describe("what is beside a file", () => {
  test("WhiteNoise's own is used as it is", async () => {
    const { headers, body } = await subject.ask("/static/whitenoise.css", accepting("gzip"));
    expect([headers["content-encoding"], body.equals(THEIRS)]).toEqual(["gzip", true]);
  });

  test("what another content left was replaced", async () => {
    expect(await content(subject, "/static/replaced.css", "gzip")).toBe(`gzip: ${CSS}`);
  });

  test("a type that nginx compresses for nobody varies, too", async () => {
    const { headers } = await subject.ask("/static/module.wasm", accepting("identity"));
    expect([headers.vary, headers["content-encoding"]]).toEqual(["Accept-Encoding", undefined]);
    expect((await subject.ask("/static/module.wasm", accepting("br"))).headers["content-encoding"]).toBe(
      "br",
    );
  });

  test.each(["/static/small.css", "/static/picture.png"])("%s has nothing there", async (path) => {
    const { headers } = await subject.ask(path, accepting("gzip, br"));
    expect(headers["content-encoding"]).toBeUndefined();
  });

  test("uploads have none: any user may choose such a name", async () => {
    expect(await content(subject, "/media/site.css", "br, gzip")).toBe(`gzip on the fly: ${CSS}`);
  });

  test.each(["/static/staticfiles.json.gz", "/static/app.js.bak.gz", "/static/.djinit-precompressed"])(
    "%s is nobody's",
    async (path) => {
      expect((await subject.ask(path)).status).toBe(404);
    },
  );

  test("the start says nothing", async () => {
    expect((await subject.container.records()).filter(({ level }) => level === "warn")).toEqual([]);
  });
});

describe("a file that has changed since the build", () => {
  test("is served as it is, with a warning, where nobody may remove what is beside it", async () => {
    const other = await start({ "/app/static/site.css": CHANGED }, 8000, IMAGE);
    expect(await content(other, "/static/site.css", "br, gzip")).toBe(`gzip on the fly: ${CHANGED}`);
    expect(await content(other, "/static/site.css", "identity")).toBe(`identity: ${CHANGED}`);
    expect(await content(other, HASHED, "br, gzip")).toBe(`gzip on the fly: ${CSS}`);
    const warnings = (await other.container.records()).filter(({ level }) => level === "warn");
    expect(warnings.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(
        /^cannot serve the precompressed files in \/app\/static: \/app\/static\/site\.css\.(br|gz) is not of/,
      ),
    ]);
  });

  test("loses what is beside it where user django may; and an nginx.conf without modules serves gzip", async () => {
    const files = { "/etc/nginx/nginx.conf": await withoutModules() };
    const other = await start(files, 8000, IMAGE_OF_DJANGO);
    expect(await content(other, "/static/site.css", "br, gzip")).toBe(`gzip on the fly: ${CHANGED}`);
    expect(await content(other, HASHED, "br, gzip")).toBe(`gzip: ${CSS}`);
    expect(await content(other, "/static/whitenoise.css", "br, gzip")).toBe(`gzip: ${CSS}`);
    expect((await other.container.records()).filter(({ level }) => level === "warn")).toEqual([]);
    const list = await other.container.output(["ls", "/app/static"]);
    expect(list.split("\n").filter((name) => name.startsWith("site.css"))).toEqual(["site.css"]);
  });
});

async function withoutModules(): Promise<string> {
  const text = await subject.container.output(["cat", "/etc/nginx/nginx.conf"]);
  return text.replace(/^include .*modules-enabled.*$/m, "");
}

test("a file that `djinit release` collects beside the services is sent as it is now", async () => {
  await using cake = await startReadyCake();
  const port = await cake.port(8000);
  const ask = () => rawRequest(port, "/static/cakes/cakes.css", accepting("br, gzip"));
  const { headers, body } = await ask();
  expect(headers["content-encoding"]).toBe("br");
  const source = "/app/cake_service/cakes/static/cakes/cakes.css";
  const added = "/* of today */";
  await cake.output(["sh", "-c", `echo '${added}' >> ${source}`]);
  await cake.output(["env", "RUN_COLLECTSTATIC=1", "djinit", "release"], { timeoutMs: 60_000 });
  const now = await ask();
  expect([now.headers["content-encoding"], isWeak(now.headers)]).toEqual(["gzip", true]);
  expect(gunzipSync(now.body).toString()).toBe(`${brotliDecompressSync(body).toString()}${added}\n`);
});

test("`djinit precompress` names what it needs, and changes nothing without it", async () => {
  const run = (env: string[], image = IMAGE) =>
    docker("precompress", ["run", "--rm", ...env, image, "precompress"]).then(
      (said) => said,
      (error: Error) => error.message,
    );
  expect(await run([])).toContain("neither DJANGO_SETTINGS_MODULE nor DJINIT_STATIC_ROOT");
  expect(await run(["-e", "DJINIT_STATIC_ROOT=/app"])).toContain("which holds the application's directory");
  expect(await run(["-e", "DJINIT_STATIC_ROOT=/app/none"])).toMatch(/ENOENT.*\/app\/none/);
  expect(await run(["-e", "DJINIT_STATIC_ROOT=/app/static"])).toMatch(
    /^\/app\/static: \d+ files; 0 written, \d+ kept, 0 removed, \d+ KiB of files in \d+ KiB$/m,
  );
});
