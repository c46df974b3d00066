// Dockerfiles as projects of docker-django-bootstrap have them, with another FROM.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { buildImage } from "../../tools/image/build-image.ts";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { type Container, runContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { createDatabase } from "../support/postgres.ts";
import { startRedis } from "../support/redis.ts";
import { runContext } from "../support/run-context.ts";
import { isReady } from "./cake-subject.ts";

const CONTEXT = join(import.meta.dirname, "../fixtures/old-image");
const BUILD_TIMEOUT_MS = 600_000;
const READY_TIMEOUT_MS = 60_000;

const tagOf = (name: string) => `djinit-test-old-image-${name}:${IMAGE_VERSION}`;

/** Builds one of the Dockerfiles on the image that its FROM stands for. */
async function build(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "old-dockerfile-"));
  try {
    const text = await readFile(join(CONTEXT, "dockerfiles", name), "utf8");
    const dockerfile = join(folder, "Dockerfile");
    const on = text
      .replaceAll(/^FROM djinit\b(?!-)/gm, `FROM ${runContext().images.djinit}`)
      .replace(/^FROM djinit-test-old-image$/m, `FROM ${tagOf("web")}`);
    await writeFile(dockerfile, on);
    await buildImage({ tag: tagOf(name), dockerfile, context: CONTEXT });
    return tagOf(name);
  } finally {
    await rm(folder, { recursive: true });
  }
}

let image: string;
beforeAll(async () => {
  image = await build("web");
}, BUILD_TIMEOUT_MS);

async function deprecations(container: Container): Promise<string[]> {
  return (await container.records())
    .filter(({ level, service }) => level === "warn" && service === "djinit")
    .map(({ msg }) => msg);
}

async function first(container: Container): Promise<string> {
  return container.output(["cat", "/proc/1/cmdline"]);
}

const sh = (script: string, more: readonly string[] = []) =>
  docker("run a shell", ["run", "--rm", ...more, "--entrypoint", "sh", image, "-c", script]);

test("a web image with its own ENTRYPOINT is djinit's, with one record that says what to write", async () => {
  const database = await createDatabase();
  const { host, password } = runContext().postgres as { host: string; password: string };
  await using container = await runContainer({
    image,
    env: { DB_HOST: host, DB_NAME: database.name, DB_PASSWORD: password, SUPERUSER_PASSWORD: "old" },
  });
  await container.record("readiness", isReady, READY_TIMEOUT_MS);
  expect(await first(container)).toContain("/usr/local/lib/djinit/node");
  // The catalogue that gettext compiled before it was purged again; psycopg has found libpq.
  expect((await http(await container.url("/"))).text).toBe("Kuchen");
  expect((await http(await container.url("/static/admin/css/base.css"))).status).toBe(200);
  expect(await database.query("select username from auth_user")).toEqual([{ username: "admin" }]);
  expect((await deprecations(container)).filter((msg) => msg.includes("deprecated"))).toEqual([
    'tini django-entrypoint.sh is deprecated: write no ENTRYPOINT (djinit is the image\'s own), and CMD ["mysite.wsgi:application", …]',
  ]);
  expect(await container.stop()).toBe(0);
  await container.records();
});

test("a celery image with an ENTRYPOINT of its own", async () => {
  const redis = await startRedis();
  try {
    await using container = await runContainer({
      image: await build("worker"),
      env: { CELERY_BROKER_URL: redis.url, DJINIT_MIGRATIONS: "skip" },
      publish: [],
    });
    await container.record("readiness", isReady, READY_TIMEOUT_MS);
    expect((await deprecations(container)).filter((msg) => msg.includes("deprecated"))).toEqual([
      'dinit celery-entrypoint.sh is deprecated: write no ENTRYPOINT (djinit is the image\'s own), and CMD ["celery", "worker"]',
    ]);
    expect(await container.stop()).toBe(0);
  } finally {
    await redis.container.rm();
  }
});

test("a script of one's own below tini runs as root, and djinit is PID 1 after it", async () => {
  await using container = await runContainer({ image: await build("script") });
  await eventually(async () => (await container.stdout()).includes('"msg":"ready: '), {
    what: "readiness",
    timeoutMs: READY_TIMEOUT_MS,
    attach: () => container.logs(),
  });
  expect(await container.stdout()).toMatch(/^started as uid 0\n/);
  expect(await first(container)).toContain("/usr/local/lib/djinit/node");
  expect(await container.stop()).toBe(0);
});

test("a script that is laid over the old entry point is not ignored in silence", async () => {
  await using container = await runContainer({
    image: await build("replaced"),
    env: { SKIP_MIGRATIONS: "1" },
  });
  await container.record("readiness", isReady, READY_TIMEOUT_MS);
  expect(await deprecations(container)).toContainEqual(
    expect.stringMatching(/^\/scripts\/django-entrypoint\.sh is a script of the image's own, and is not run/),
  );
});

test(
  "wheels that one stage builds are installed in the next",
  async () => {
    await build("wheels");
  },
  BUILD_TIMEOUT_MS,
);

test.each([
  ["su-exec django", "104:107:107"],
  ["su-exec django:nginx", "104:105:105"],
  ["gosu 104", "104:107:107"],
  ["gosu 4711:4712", "4711:4712:4712"],
  ["su-exec nginx", "105:105:105 107"],
])("%s", async (words, ids) => {
  expect(await sh(`${words} sh -c 'echo $(id -u):$(id -g):$(id -G)'`)).toBe(ids);
});

test("su-exec gives HOME, keeps the arguments, and opens no way to root", async () => {
  expect(await sh("su-exec django sh -c 'echo \"$HOME|$1|$2\"' sh 'a  b' '$c'")).toBe("/nonexistent|a  b|$c");
  // Who is no root becomes nobody else; who is that user already may say so.
  expect(await sh("su-exec root id -u || echo refused", ["--user", "104:107"])).toMatch(/refused$/);
  expect(await sh("su-exec django id -u", ["--user", "104:107"])).toBe("104");
  expect(await sh("su-exec nobody-at-all id -u || echo refused")).toBe("refused");
  expect(await sh("find / -xdev -perm /6000 -path '/scripts*'; find /scripts ! -user root")).toBe("");
});

test("/usr/local/bin/python is the environment's", async () => {
  const says = await sh("/usr/local/bin/python3 -c 'import sys, django; print(sys.prefix)'");
  expect(says).toBe("/opt/venv");
  expect(await sh("/usr/local/bin/pip --version")).toContain("/opt/venv/lib/");
  expect(await sh("/app/manage.py check")).toContain("no issues");
});

test("tini passes a program to djinit, which supervises it", async () => {
  await using container = await runContainer({
    image,
    entrypoint: "tini",
    command: ["-g", "--", "python", "-c", "print('hello')"],
    publish: [],
  });
  expect(await container.wait()).toBe(0);
  expect(await container.logs()).toContain("hello");
});
