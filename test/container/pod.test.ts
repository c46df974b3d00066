// nginx and the application as two containers of one image: each is supervised, probed and stopped on its own.
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Container, RunOptions } from "../support/docker.ts";
import { tryDocker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { statusOf } from "../support/records.ts";
import { isReady } from "./cake-subject.ts";
import { APPLICATION_PORT, type Pod, startPod } from "./pod-subject.ts";
import { expectNothingLost, startLoad, underLoad } from "./steady-load.ts";
import { openSocket } from "./websocket-client.ts";

const ECHO = join(import.meta.dirname, "../fixtures/echo-wsgi");
const SOCKETS = join(import.meta.dirname, "../fixtures/websocket");

function echo(pod: Pod, options: Partial<RunOptions> = {}): Promise<Container> {
  return pod.start("application", {
    command: ["echo:application"],
    volumes: [`${ECHO}:/app:ro`],
    ...options,
    env: { SKIP_MIGRATIONS: "1", WEB_CONCURRENCY: "2", ...options.env },
  });
}

const probe = async ({ sandbox }: Pod, name: string, port = 9180) =>
  http(`http://127.0.0.1:${await sandbox.port(port)}/${name}?verbose`);

/** So many more requests than now have been answered by way of nginx. */
async function answeredMore(nginx: Container, more: number): Promise<void> {
  const count = async () => (await nginx.records()).filter((record) => statusOf(record) === 200).length;
  const before = await count();
  await eventually(async () => (await count()) > before + more, {
    what: `${more} more answers`,
    timeoutMs: 40_000,
    attach: () => nginx.logs(),
  });
}

/** What nginx and djinit say there, without the requests; the last of it. */
async function complaints(nginx: Container): Promise<string> {
  const said = (await nginx.records()).filter(
    (record) => !(statusOf(record) ?? 502).toString().startsWith("2"),
  );
  return said
    .slice(-80)
    .map(({ time, msg }) => `${time} ${msg.slice(0, 200)}`)
    .join("\n");
}

test("nginx waits for the application, serves it, and holds requests while it is replaced", async () => {
  await using pod = await startPod();
  // As an image would have it for both: what is beside web, and what the application needs, is not nginx's.
  const nginx = await pod.start("nginx", {
    command: ["echo:application"],
    volumes: [`${ECHO}:/app:ro`],
    env: { CELERY_WORKER: "1", CELERY_APP: "none", DATABASE_URL: "postgres://nobody@nowhere.invalid/none" },
  });
  await nginx.record("waiting", ({ msg }) => msg === "waits for the container of the application");
  await eventually(async () => (await probe(pod, "readyz")).text.includes("wait-for-application"), {
    what: "a probe that says what is waited for",
  });
  const application = await echo(pod);
  await application.record("readiness", isReady);
  await nginx.record("readiness", isReady);
  await eventually(async () => (await probe(pod, "readyz")).status === 200, { what: "nginx is ready" });
  expect((await probe(pod, "readyz", APPLICATION_PORT)).status).toBe(200);

  // What has passed by nginx's key: the application knows its client.
  const url = await pod.sandbox.url("/path");
  const said = JSON.parse((await http(url, { headers: { "x-djinit-client": "guess 1.2.3.4" } })).text);
  expect(said.remoteAddress).toMatch(/^172\.|^192\.|^10\./);
  const [nginxStatus, applicationStatus] = await Promise.all(
    [nginx, application].map((it) => it.output(["djinit", "status"])),
  );
  expect(nginxStatus).toMatch(/nginx/);
  expect(nginxStatus).not.toMatch(/gunicorn|celery/);
  expect(applicationStatus).toMatch(/gunicorn/);
  expect(applicationStatus).not.toMatch(/nginx/);
  // Requests are measured where they pass, workers where they work.
  expect((await probe(pod, "metrics")).text).toMatch(/nginx_http_requests_total\{/);
  expect((await probe(pod, "metrics", APPLICATION_PORT)).text).toMatch(/^gunicorn_workers 2$/m);

  const load = startLoad(pod.sandbox, 150);
  await underLoad(nginx);
  expect(await application.stop()).toBe(0);
  const away = await nginx.record("absence", ({ msg }) => /^the application is away/.test(msg));
  expect(away).toMatchObject({ level: "warn" });
  expect(await probe(pod, "readyz")).toMatchObject({ status: 503 });
  expect((await probe(pod, "livez")).status).toBe(200);
  await application.rm();
  const second = await echo(pod);
  await nginx.record("return", ({ msg }) => msg === "the application is back");
  await answeredMore(nginx, 300);
  const report = await load.finish();
  expect(report.outcomes["502"], await complaints(nginx)).toBeUndefined();
  expectNothingLost(report);

  // Killed, as for want of memory: its socket's name stays, and nobody is behind it.
  await second.signal("KILL");
  await second.wait();
  const asked = ["GET", "POST", "GET", "POST"].map((method) => http(url, { method, timeoutMs: 30_000 }));
  await tryDocker(["start", second.id]);
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses, await complaints(nginx)).toEqual([200, 200, 200, 200]);
  await eventually(async () => (await probe(pod, "readyz")).status === 200, { what: "nginx is ready again" });
  // The key is the same: nginx has not been told of another.
  expect(JSON.parse((await http(url)).text).remoteAddress).toBe(said.remoteAddress);

  // The order of a native sidecar: nginx first.
  expect(await nginx.stop()).toBe(0);
  expect(await second.stop()).toBe(0);
});

test("both run restricted, as any user, and nginx ends what a WebSocket holds open", async () => {
  // As Kubernetes has it: an empty directory that everybody may write to.
  const volume = await mkdtemp(join(tmpdir(), "djinit-pod-"));
  await chmod(volume, 0o777);
  await using pod = await startPod(`${volume}:/run/web`);
  const restricted = {
    user: "12345:12345",
    tmpfs: ["/tmp"],
    more: ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
  };
  const application = await pod.start("application", {
    ...restricted,
    command: ["gunicorn", "--worker-class", "asgi", "sockets:application"],
    volumes: [`${SOCKETS}:/app:ro`],
    env: { SKIP_MIGRATIONS: "1" },
  });
  await application.record("readiness", isReady);
  const nginx = await pod.start("nginx", restricted);
  await nginx.record("readiness", isReady);
  expect((await http(await pod.sandbox.url("/"))).status).toBe(200);
  const { closed } = await openSocket(pod.sandbox);
  const startedMs = performance.now();
  expect(await nginx.stop()).toBe(0);
  // Not when the grace period is over: nobody here can tell the application to close it.
  expect(performance.now() - startedMs).toBeLessThan(15_000);
  expect(await closed).toBe(1006);
  expect(await application.stop()).toBe(0);
});

test("without the volume a half says what it lacks", async () => {
  await using pod = await startPod("/elsewhere");
  const nginx = await pod.start("nginx");
  expect(await nginx.wait()).toBe(78);
  expect(await nginx.logs()).toContain("/run/web is not there: with DJINIT_WEB");
});
