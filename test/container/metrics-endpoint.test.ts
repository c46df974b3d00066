import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { createDatabase } from "../support/postgres.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { ADMIN_PORT, askAdmin, scrape } from "./admin-subject.ts";
import { mainPid, startReadyCake } from "./cake-subject.ts";

let redis: Redis;
let web: Container;
let worker: Container;
beforeAll(async () => {
  const [database, broker] = await Promise.all([createDatabase(), startRedis()]);
  redis = broker;
  const env = { DATABASE_URL: database.url, CELERY_BROKER_URL: redis.url, CAKE_BAKE_SECONDS: "0.1" };
  web = await startReadyCake({
    env: { ...env, GUNICORN_CMD_ARGS: "--timeout 3" },
    publish: [8000, ADMIN_PORT],
  });
  worker = await startReadyCake({ env, command: ["celery", "worker"], publish: [ADMIN_PORT] });
});
afterAll(() => Promise.all([web, worker, redis?.container].map((container) => container?.rm())));

/** Waits until the samples are so. Returns them. */
function scraped(container: Container, what: string, isSo: (samples: Map<string, number>) => boolean) {
  return eventually(
    async () => {
      const samples = await scrape(container);
      return isSo(samples) ? samples : false;
    },
    {
      what,
      timeoutMs: 60_000,
      intervalMs: 200,
      attach: async () => (await askAdmin(container, "/metrics")).text,
    },
  ) as Promise<Map<string, number>>;
}

describe("web", () => {
  test("requests, by host and status, and who answered them", async () => {
    const ask = async (path: string, host: string) => http(await web.url(path), { headers: { host } });
    for (let at = 0; at < 3; at += 1) await ask("/health/", "localhost:8000");
    await ask("/static/cakes/cakes.css", "localhost");
    await ask("/no-such-page/", "localhost");
    const samples = await scraped(
      web,
      "five requests",
      (it) => it.get('nginx_http_request_duration_seconds_count{host="localhost"}') === 5,
    );
    expect(samples.get('nginx_http_requests_total{host="localhost",status="200"}')).toBe(4);
    expect(samples.get('nginx_http_requests_total{host="localhost",status="404"}')).toBe(1);
    expect(samples.get('nginx_http_application_requests_total{host="localhost"}')).toBe(4);
    expect(samples.get('nginx_http_upstream_duration_seconds_count{host="localhost"}')).toBe(4);
    expect(samples.get('nginx_http_response_bytes_total{host="localhost"}')).toBeGreaterThan(100);
    for (const state of ["reading", "writing", "waiting"])
      expect(samples.get(`nginx_http_connections{state="${state}"}`)).toBeGreaterThanOrEqual(0);
    expect(samples.get("djinit_request_queue_seconds_count")).toBeGreaterThanOrEqual(4);
    expect(samples.get("gunicorn_workers")).toBe(1);
    // A new database.
    expect(samples.get('djinit_migrations{state="applied"}')).toBeGreaterThan(10);
    expect(samples.get('djinit_migrations{state="pending"}')).toBe(0);
    expect(samples.get('djinit_boot_step_seconds{step="migrate"}')).toBeGreaterThan(0);
    expect(samples.get("gunicorn_worker_starts_total")).toBeGreaterThanOrEqual(1);
    expect(samples.get('djinit_service_state{service="nginx",state="running"}')).toBe(1);
    expect(samples.get('djinit_log_lines_total{service="nginx"}')).toBeGreaterThanOrEqual(5);
  });

  test("connections, and a worker that hangs: busy, then timed out and restarted", async () => {
    const before = await scrape(web);
    const hanging = http(await web.url("/debug/sleep/?seconds=30"), { timeoutMs: 40_000 }).catch(
      () => undefined,
    );
    await scraped(
      web,
      "a busy worker and a connection",
      (it) =>
        it.get("gunicorn_workers_busy") === 1 && it.get('nginx_http_connections{state="writing"}') === 1,
    );
    const waiting = http(await web.url("/health/"), { timeoutMs: 40_000 }).catch(() => undefined);
    await scraped(web, "one that waits for a worker", (it) => it.get("gunicorn_backlog") === 1);
    const after = await scraped(web, "a timeout", (it) => it.get("gunicorn_worker_timeouts_total") === 1);
    expect(before.get("gunicorn_worker_timeouts_total")).toBe(0);
    await scraped(
      web,
      "its successor",
      (it) =>
        it.get("gunicorn_worker_starts_total") === (after.get("gunicorn_worker_starts_total") ?? 0) + 1 ||
        (it.get("gunicorn_worker_starts_total") ?? 0) > (before.get("gunicorn_worker_starts_total") ?? 0),
    );
    await Promise.all([hanging, waiting]);
  });

  test("10,000 made-up host names make no series of their own, and are all counted", async () => {
    const flood = `import http.client
connection = http.client.HTTPConnection("127.0.0.1", 8000)
for at in range(10_000):
    connection.request("GET", "/static/none", headers={"Host": f"h{at}.example"})
    connection.getresponse().read()
    if at % 900 == 899: connection.close()`;
    await web.output(["python", "-c", flood], { timeoutMs: 120_000 });
    const of404 = (samples: Map<string, number>) =>
      [...samples].filter(([name]) => /^nginx_http_requests_total\{.*h?\d*.*status="404"\}/.test(name));
    const samples = await scraped(
      web,
      "all of them",
      (it) => of404(it).reduce((sum, [, value]) => sum + value, 0) >= 10_001,
    );
    const hosts = new Set([...samples.keys()].flatMap((name) => /host="([^"]*)"/.exec(name)?.[1] ?? []));
    expect([...hosts].filter((host) => host.startsWith("h"))).toEqual([]);
    expect(samples.get('nginx_http_requests_total{host="other",status="404"}')).toBeGreaterThanOrEqual(
      10_000,
    );
  });

  test("a service that died is counted", async () => {
    const pid = await mainPid(web, "nginx");
    await web.output(["kill", "-9", String(pid)]);
    const samples = await scraped(
      web,
      "a restart",
      (it) => it.get('djinit_service_restarts_total{service="nginx"}') === 1,
    );
    expect(samples.get('djinit_service_restarts_total{service="gunicorn"}')).toBe(0);
    // The socket that it left behind does not keep its successor from starting.
    await scraped(
      web,
      "readiness and connections",
      (it) => it.get("djinit_ready") === 1 && it.has('nginx_http_connections{state="reading"}'),
    );
  });

  test("where nginx's own page is gone, its connections are missing and the rest is there", async () => {
    await web.output(["rm", "/etc/nginx/conf.d/status.conf"]);
    await web.output(["djinit", "reload"]);
    const samples = await scraped(
      web,
      "no connections",
      (it) => !it.has('nginx_http_connections{state="reading"}'),
    );
    expect(samples.get("djinit_ready")).toBe(1);
    expect(samples.has('nginx_http_requests_total{host="other",status="404"}')).toBe(true);
  });
});

describe("a worker", () => {
  const BAKE = "cake_service.cakes.tasks.bake";

  const order = (code: string) =>
    worker.output(
      [
        "python",
        "-c",
        `import django; django.setup()\nfrom cake_service.celery import app\nfrom cake_service.cakes.tasks import bake\n${code}`,
      ],
      { user: "django" },
    );

  test("tells its tasks, also of those that fail, and how long they took", async () => {
    await order('[bake.delay(1) for _ in range(3)]; bake.delay("no number")');
    const samples = await scraped(
      worker,
      "four tasks",
      (it) => it.get(`celery_task_runtime_seconds_count{task="${BAKE}"}`) === 4,
    );
    const count = (event: string) => samples.get(`celery_tasks_${event}_total{task="${BAKE}"}`);
    expect(["received", "started", "succeeded", "failed", "retried"].map(count)).toEqual([4, 4, 3, 1, 0]);
    expect(samples.get(`celery_task_runtime_seconds_sum{task="${BAKE}"}`)).toBeGreaterThan(0.3);
    expect(samples.get("celery_worker_up")).toBe(1);
    expect(samples.get("celery_broker_connected")).toBe(1);
    expect(samples.get('celery_heartbeat_age_seconds{service="celery-worker"}')).toBeLessThan(15);
    expect([...samples.keys()].filter((name) => /^(nginx|gunicorn)_/.test(name))).toEqual([]);
  });

  test("tells how many wait in its queue, and that one is being run", async () => {
    await order("[bake.delay(1, seconds=3) for _ in range(15)]");
    const isBusy = (it: Map<string, number>) =>
      (it.get('celery_queue_length{queue="celery"}') ?? 0) > 0 && it.get("celery_tasks_active") === 1;
    const samples = await scraped(worker, "a queue", isBusy);
    expect(samples.get('celery_queue_length{queue="celery"}')).toBeLessThanOrEqual(15);
  });

  test("that is killed is down until its successor reports", async () => {
    const pid = await mainPid(worker, "celery-worker");
    await worker.output(["kill", "-9", String(pid)]);
    await scraped(worker, "it is down", (it) => it.get("celery_worker_up") === 0);
    await scraped(worker, "it is up", (it) => it.get("celery_worker_up") === 1);
  });
});
