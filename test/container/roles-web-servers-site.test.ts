// Each web server by ASGI, as strictly as a cluster runs it: any user, a read-only root, and nothing but /tmp to write to.
// The site lies below a path, knows only https and its own host, and has files that only its word opens.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { buildOnBase } from "../../tools/image/replaced-base.ts";
import { type Container, runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { runContext } from "../support/run-context.ts";
import { childrenOf, isReady, mainPid } from "./cake-subject.ts";
import { type Answer, type Ask, rawRequest } from "./raw-request.ts";

const TAG = `djinit-test-worker-classes:${IMAGE_VERSION}`;
const FIXTURES = join(import.meta.dirname, "../fixtures");
const SITE = join(FIXTURES, "site");

/** Where it can be told, by a function that makes the application, and by one process and by several. */
const SERVERS = [
  ["gunicorn", ["shop.served:make()"], "setting"],
  ["uvicorn", ["uvicorn", "--factory", "shop.served:make"], "variable"],
  ["granian", ["granian", "--factory", "--interface", "asgi", "shop.served:make"], "setting"],
  ["daphne", ["daphne", "shop.served:site"], "variable"],
  ["hypercorn", ["hypercorn", "-w", "2", "shop.served:make()"], "setting"],
] as const;

const SETTINGS = {
  STATIC_URL: "static/",
  STATIC_ROOT: "/tmp/collected",
  MIDDLEWARE: ["django.middleware.security.SecurityMiddleware"],
  SECURE_SSL_REDIRECT: true,
  SECURE_PROXY_SSL_HEADER: ["HTTP_X_SCHEME", "on"],
  ALLOWED_HOSTS: ["shop.example"],
};

beforeAll(async () => {
  const context = join(FIXTURES, "worker-classes");
  await buildOnBase({ tag: TAG, context, base: runContext().images.example });
});

async function startSite(command: readonly string[], prefixIs: "setting" | "variable"): Promise<Container> {
  const inSettings = prefixIs === "setting";
  const container = await runContainer({
    image: TAG,
    command,
    user: "12345:0",
    tmpfs: ["/tmp"],
    volumes: [`${SITE}/shop:/app/shop:ro`, `${SITE}/assets:/app/assets:ro`],
    more: ["--read-only"],
    env: {
      DJANGO_SETTINGS_MODULE: "shop.settings",
      SKIP_MIGRATIONS: "1",
      RUN_COLLECTSTATIC: "1",
      DJINIT_READINESS_PATH: "/health/",
      DJINIT_PROTECTED_ROOT: "/app/assets",
      SITE: JSON.stringify({ ...SETTINGS, ...(inSettings ? { FORCE_SCRIPT_NAME: "/shop" } : {}) }),
      ...(inSettings ? {} : { DJINIT_URL_PREFIX: "/shop" }),
    },
  });
  onTestFinished(() => container.rm());
  await container.record("readiness", isReady, 60_000);
  return container;
}

/** The processes that answer: children of the server's, or itself where it has none. */
async function serving(container: Container, server: string): Promise<number[]> {
  const main = await mainPid(container, server);
  const children = (await childrenOf(container, main)).filter(
    ({ argv }) => !argv.join(" ").includes("resource_tracker"),
  );
  return children.length === 0 ? [main] : children.map(({ pid }) => pid);
}

describe("--user 12345:0 --read-only, and /tmp", () => {
  test.each(SERVERS)("%s, %j: the site, HUP, and a stop in order", async (server, command, prefixIs) => {
    const container = await startSite(command, prefixIs);
    const port = await container.port(8000);
    const ask = (path: string, { headers, ...options }: Ask = {}): Promise<Answer> =>
      rawRequest(port, path, { ...options, headers: { Host: "shop.example", "X-Scheme": "on", ...headers } });
    const css = await readFile(`${SITE}/assets/css/site.css`, "utf8");

    for (const prefix of ["/shop", ""]) {
      const told = await ask(`${prefix}/tea/?a=1`);
      expect([told.status, JSON.parse(told.body.toString())]).toEqual([
        200,
        {
          path: "/shop/tea/",
          path_info: "/tea/",
          query: "a=1",
          secure: true,
          host: "shop.example",
          static: "/shop/static/",
        },
      ]);
      expect((await ask(`${prefix}/static/css/site.css`)).body.toString()).toBe(css);
    }
    const insecure = await ask("/shop/tea/?a=1", { headers: { "X-Scheme": "off" } });
    expect([insecure.status, insecure.headers["location"]]).toEqual([
      301,
      "https://shop.example/shop/tea/?a=1",
    ]);
    expect((await container.exec(["djinit", "health"])).exitCode).toBe(0);

    const invoice = "/shop/invoice/css/site.css";
    const whole = await ask(invoice);
    expect([whole.status, whole.body.toString(), whole.headers["content-type"]]).toEqual([
      200,
      css,
      "text/css",
    ]);
    expect(whole.headers).not.toHaveProperty("x-accel-redirect");
    const part = await ask(invoice, { headers: { Range: "bytes=1-3" } });
    expect([part.status, part.body.toString()]).toEqual([206, css.slice(1, 4)]);
    const head = await ask(invoice, { method: "HEAD" });
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([
      200,
      String(css.length),
      0,
    ]);
    expect((await ask("/shop/-/protected/css/site.css")).body.toString()).not.toContain(css);

    const before = await serving(container, server);
    await container.signal("HUP");
    await eventually(
      async () =>
        expect((await serving(container, server)).filter((pid) => before.includes(pid))).toEqual([]),
      { what: "other processes", timeoutMs: 60_000, attach: () => container.logs() },
    );
    expect((await ask("/shop/tea/")).status).toBe(200);
    expect(await container.stop()).toBe(0);
    const loud = (await container.records()).filter(({ level }) => level !== "info");
    expect(loud.map(({ msg }) => msg)).toEqual([expect.stringContaining("everything runs as user 12345")]);
  });
});
