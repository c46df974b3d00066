import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { collectCelery } from "../../../src/metrics/celery.ts";
import { collectContainer } from "../../../src/metrics/container.ts";
import { countConnections } from "../../../src/metrics/gunicorn.ts";
import type { Heartbeat } from "../../../src/metrics/heartbeat-shape.ts";
import { collectNginxConnections, readStubStatus } from "../../../src/metrics/nginx-connections.ts";
import type { Place } from "../../../src/platform/cgroup/levels.ts";
import { readCgroupUsage } from "../../../src/platform/cgroup/usage.ts";
import { listProcessUsage, readProcessUsage } from "../../../src/platform/process-usage.ts";
import { printed } from "../../support/printed-metrics.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const { path, write } = temporaryDirectory();

describe("nginx's own figures", () => {
  const PAGE = `Active connections: 291 
server accepts handled requests
 16630948 16630948 31070465 
Reading: 6 Writing: 179 Waiting: 106 
`;

  test("are read from its page; the question itself is no client", async () => {
    expect(await printed(readStubStatus(PAGE))).toEqual(
      new Map([
        ['nginx_http_connections{state="reading"}', 6],
        ['nginx_http_connections{state="writing"}', 178],
        ['nginx_http_connections{state="waiting"}', 106],
        ["nginx_http_connections_accepted_total", 16_630_948],
      ]),
    );
  });

  test("are missing where nobody listens, something else answers, or nobody answers in time", async () => {
    expect(await collectNginxConnections(join(path, "nobody.sock"))).toEqual([]);
    for (const [name, answer] of [
      ["other.sock", "HTTP/1.0 404 Not Found\r\n\r\n"],
      ["silent.sock", undefined],
    ] as const) {
      const server = createServer((socket) => {
        socket.on("error", () => {});
        if (answer !== undefined) socket.end(answer);
      });
      await new Promise<void>((resolve) => server.listen(join(path, name), resolve));
      expect(await collectNginxConnections(join(path, name))).toEqual([]);
      server.close();
    }
  });
});

test("the kernel's table tells who has been accepted at gunicorn's socket and who waits", () => {
  const socket = "/run/gunicorn/gunicorn.sock";
  const table = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 27210 ${socket}
0000000000000000: 00000003 00000000 00000000 0001 03 27333 ${socket}
0000000000000000: 00000003 00000000 00000000 0001 03 27334 ${socket}
0000000000000000: 00000003 00000000 00000000 0001 02     0 ${socket}
0000000000000000: 00000003 00000000 00000000 0001 03 27335
0000000000000000: 00000003 00000000 00000000 0001 03 27336 /run/other.sock
`;
  expect(countConnections(table, socket)).toEqual({ accepted: 2, waiting: 1, listening: true });
  expect(countConnections("", socket)).toEqual({ accepted: 0, waiting: 0, listening: false });
});

describe("the container's cgroup", () => {
  const lay = (root: string, files: Record<string, string>): Place => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(path, root, name, ".."), { recursive: true });
      write(join(root, name), text);
    }
    return { mount: join(path, root), own: "" };
  };

  test("version 2", async () => {
    const root = lay("v2", {
      "cpu.stat": "usage_usec 2500000\nuser_usec 1\nnr_periods 10\nnr_throttled 3\nthrottled_usec 400000\n",
      "memory.stat": "anon 5\ninactive_file 300\n",
      "memory.events": "low 0\noom 2\noom_kill 1\n",
      "memory.max": "max\n",
      "memory.current": "1000\n",
      "cpu.pressure":
        "some avg10=0.00 avg60=1.20 avg300=0.33 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
      "memory.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
    });
    expect(await printed(collectContainer(root))).toEqual(
      new Map([
        ["djinit_container_cpu_seconds_total", 2.5],
        ["djinit_container_cpu_periods_total", 10],
        ["djinit_container_cpu_throttled_periods_total", 3],
        ["djinit_container_cpu_throttled_seconds_total", 0.4],
        ['djinit_container_pressure_seconds_total{resource="cpu",share="some"}', 2.5],
        ['djinit_container_pressure_seconds_total{resource="cpu",share="full"}', 0],
        ['djinit_container_pressure_seconds_total{resource="memory",share="some"}', 0.000001],
        ["djinit_container_memory_bytes", 1_000],
        ["djinit_container_memory_working_set_bytes", 700],
        ["djinit_container_oom_kills_total", 1],
      ]),
    );
  });

  test("version 1", () => {
    const root = lay("v1", {
      "cpuacct/cpuacct.usage": "1500000000\n",
      "cpu/cpu.stat": "nr_periods 4\nnr_throttled 1\nthrottled_time 250000000\n",
      "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 7\n",
    });
    expect(readCgroupUsage(root)).toEqual({
      cpuSeconds: 1.5,
      periods: 4,
      throttledPeriods: 1,
      throttledSeconds: 0.25,
      inactiveFileBytes: 7,
    });
  });

  test("where there is nothing to see there are no figures", () => {
    expect(collectContainer({ mount: join(path, "absent"), own: "" })).toEqual([]);
  });
});

describe("celery", () => {
  const heartbeat: Heartbeat = {
    pid: 7,
    kind: "worker",
    state: "connected",
    at: 90,
    thread: 1,
    active: 1,
    tasks: { bake: { "task-received": 5, "task-started": 4, "task-succeeded": 2, "task-failed": 1 } },
    runtimes: { bake: [1, 0, 2, 9.5] },
    buckets: [0.1, 1],
    queues: { celery: 12 },
  };

  test("a worker's report is counted up", async () => {
    const samples = await printed(
      collectCelery([{ service: "celery-worker", kind: "worker", heartbeat, live: true }], 100),
    );
    expect(Object.fromEntries(samples)).toMatchObject({
      'celery_heartbeat_age_seconds{service="celery-worker"}': 10,
      celery_worker_up: 1,
      celery_broker_connected: 1,
      celery_tasks_active: 1,
      'celery_tasks_received_total{task="bake"}': 5,
      'celery_tasks_failed_total{task="bake"}': 1,
      'celery_tasks_retried_total{task="bake"}': 0,
      'celery_task_runtime_seconds_bucket{task="bake",le="0.1"}': 1,
      'celery_task_runtime_seconds_bucket{task="bake",le="1.0"}': 1,
      'celery_task_runtime_seconds_bucket{task="bake",le="+Inf"}': 3,
      'celery_task_runtime_seconds_sum{task="bake"}': 9.5,
      'celery_task_runtime_seconds_count{task="bake"}': 3,
      'celery_queue_length{queue="celery"}': 12,
    });
  });

  test("workers of a Procfile are told apart by their names", async () => {
    const worker = (service: string, active: number) => ({
      service,
      kind: "worker" as const,
      heartbeat: { ...heartbeat, active },
      live: true,
    });
    const samples = await printed(
      collectCelery([worker("celery-worker", 1), worker("emails.1", 2), worker("emails.2", 3)], 100),
    );
    expect(Object.fromEntries(samples)).toMatchObject({
      celery_tasks_active: 1,
      'celery_tasks_active{service="emails.1"}': 2,
      'celery_tasks_active{service="emails.2"}': 3,
      'celery_worker_up{service="emails.2"}': 1,
      'celery_tasks_received_total{service="emails.1",task="bake"}': 5,
      'celery_task_runtime_seconds_count{service="emails.1",task="bake"}': 3,
      'celery_queue_length{service="emails.1",queue="celery"}': 12,
    });
  });

  test("a worker that is stuck, or has not reported, is down; no worker is no figure", async () => {
    const up = async (more: { heartbeat: Heartbeat | undefined; live: boolean }) =>
      (await printed(collectCelery([{ service: "celery-worker", kind: "worker", ...more }], 100))).get(
        "celery_worker_up",
      );
    expect(await up({ heartbeat, live: false })).toBe(0);
    expect(await up({ heartbeat: undefined, live: true })).toBe(0);
    expect(collectCelery([], 100)).toEqual([]);
  });

  test("beat's age is that of its last tick's promise", async () => {
    const beat = {
      service: "celery-beat",
      kind: "beat" as const,
      heartbeat: { ...heartbeat, kind: "beat", due: 95 } as Heartbeat,
      live: true,
    };
    const samples = await printed(collectCelery([beat], 100));
    expect(samples).toEqual(
      new Map([
        ['celery_heartbeat_age_seconds{service="celery-beat"}', 5],
        ['djinit_beat_leader{service="celery-beat"}', 1],
      ]),
    );
  });

  test.each<[string, Partial<Heartbeat> | undefined, number]>([
    ["has no lock", {}, 1],
    ["leads", { lock: "redis", leads_until: 101 }, 1],
    ["has led, and was paused since", { lock: "redis", leads_until: 99 }, 0],
    ["stands by", { lock: "redis", leads_until: 0 }, 0],
    ["has not begun", undefined, 0],
  ])("of a beat that %s", async (_, more, value) => {
    const report = more && ({ ...heartbeat, kind: "beat", ...more } as Heartbeat);
    const beat = { service: "celery-beat", kind: "beat" as const, heartbeat: report, live: true };
    const samples = await printed(collectCelery([beat], 100));
    expect(samples.get('djinit_beat_leader{service="celery-beat"}')).toBe(value);
  });
});

test("what a process uses is read from /proc", () => {
  const own = readProcessUsage(process.pid);
  expect(own).toMatchObject({ pid: process.pid, parentPid: process.ppid });
  const { rss } = process.memoryUsage();
  expect(Math.abs((own?.residentBytes ?? 0) - rss) / rss).toBeLessThan(0.2);
  const { user, system } = process.cpuUsage();
  expect(own?.cpuSeconds).toBeGreaterThan(0);
  expect(Math.abs((own?.cpuSeconds ?? 0) - (user + system) / 1e6)).toBeLessThan(5);
  expect(Math.abs((own?.ageSeconds ?? 0) - process.uptime())).toBeLessThan(5);
  expect(listProcessUsage().map(({ pid }) => pid)).toContain(process.pid);
  expect(readProcessUsage(2 ** 22 + 1)).toBeUndefined();
});
