import { expect, test } from "vitest";
import { checkHealth, hasStarted } from "../../../src/control/checks.ts";
import { monotonicSeconds } from "../../../src/metrics/heartbeat.ts";
import type { Heartbeat } from "../../../src/metrics/heartbeat-shape.ts";
import { lastHeartbeat } from "../../../src/supervise/process/celery-report.ts";
import type { Service } from "../../../src/supervise/service.ts";
import type { Supervisor } from "../../../src/supervise/supervisor.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

interface Given {
  name?: string;
  state?: string;
  ready?: boolean;
  wasReady?: boolean;
  unready?: string;
  heartbeatFile?: string;
  /** An operator has stopped it. */
  held?: boolean;
  /** The container is ready only when it is. */
  counts?: boolean;
  lost?: { detail: string; hopeless: boolean };
}

/** What a supervisor of such services says of them. */
function supervisorOf(services: Given[], { draining = false, ready = true } = {}): Supervisor {
  const given = (service: Service) => services[made.indexOf(service)] ?? {};
  const made = services.map(
    ({ name = "gunicorn", state = "running", ready = true, wasReady = true, unready, heartbeatFile }) =>
      ({
        name,
        state: { name: state, wasReady },
        ready,
        unready,
        pid: 7,
        plan: { heartbeatFile },
      }) as unknown as Service,
  );
  return {
    services: made,
    draining,
    ready,
    operations: { holds: (service: Service) => given(service).held ?? false },
    counts: (service: Service) => given(service).counts ?? true,
    lostSocket: (service: Service) => given(service).lost,
  } as unknown as Supervisor;
}

const heartbeat = (at: number): Heartbeat => ({ pid: 7, kind: "worker", at, state: "connected", thread: 1 });
const check = (given: Given, beats?: Heartbeat) => checkHealth(supervisorOf([given]), () => beats).checks[0];
const heartbeatFile = "/nonexistent/worker";

test.each<[string, Given, object]>([
  ["runs", {}, { live: true, ready: true, detail: "is running" }],
  [
    "is not ready, and it is known why",
    { state: "starting", ready: false, unready: "GET / has not been answered yet" },
    { live: true, ready: false, detail: "is starting: GET / has not been answered yet" },
  ],
  [
    "has died",
    { state: "backoff", ready: false, heartbeatFile },
    { live: true, ready: false, detail: "is backoff" },
  ],
  [
    "has lost its socket",
    { lost: { detail: "has lost its socket", hopeless: false } },
    { live: true, ready: false, detail: "has lost its socket" },
  ],
  [
    "has lost its socket for good",
    { lost: { detail: "has lost its socket", hopeless: true } },
    { live: false, ready: false, detail: "has lost its socket" },
  ],
  [
    "has lost it and is not ready anyway",
    { state: "starting", ready: false, lost: { detail: "has lost its socket", hopeless: true } },
    { live: true, ready: false, detail: "is starting" },
  ],
  [
    "an operator has stopped",
    { state: "stopped", ready: false, held: true },
    {
      live: true,
      ready: false,
      detail: "is stopped, as an operator asked (`djinit start gunicorn` brings it back)",
    },
  ],
  [
    "an operator has stopped, and the rest serves without",
    { state: "stopped", ready: false, held: true, counts: false },
    {
      live: true,
      ready: true,
      detail: "is stopped, as an operator asked (`djinit start gunicorn` brings it back), and does not count",
    },
  ],
  [
    "has not said anything yet",
    { heartbeatFile },
    { live: true, ready: true, detail: "is running (no heartbeat seen)" },
  ],
])("one that %s", (_, given, expected) => {
  expect(check(given)).toEqual({ name: "gunicorn", ...expected });
});

test("one with a heartbeat is judged by it", () => {
  const now = monotonicSeconds();
  expect(check({ heartbeatFile }, heartbeat(now))).toMatchObject({ live: true, ready: true });
  expect(check({ heartbeatFile }, heartbeat(now - 100))).toMatchObject({ live: false, ready: false });
});

test("the container is as well as the worst of its services", () => {
  const lost = { detail: "", hopeless: true };
  const health = (...given: Given[]) => checkHealth(supervisorOf(given), () => undefined);
  expect(health({}, {})).toMatchObject({ live: true, ready: true, draining: false });
  expect(health({}, { lost })).toMatchObject({ live: false, ready: false });
  expect(health({ ready: false }, {})).toMatchObject({ live: true, ready: false });
  expect(checkHealth(supervisorOf([{}], { ready: false }))).toMatchObject({ live: true, ready: false });
});

test("one that stops says so", () => {
  const { draining, live, checks } = checkHealth(supervisorOf([{}], { draining: true, ready: false }));
  expect([draining, live]).toEqual([true, true]);
  expect(checks).toHaveLength(2);
  expect(checks[1]).toEqual({
    name: "djinit",
    live: true,
    ready: false,
    detail: "is stopping the container",
  });
  expect(checkHealth(supervisorOf([{}])).checks).toHaveLength(1);
});

test("it has started when each has come up once, whatever it does now", () => {
  expect(hasStarted(supervisorOf([{}, { ready: false }]))).toBe(true);
  expect(hasStarted(supervisorOf([{}, { wasReady: false }]))).toBe(false);
});

const directory = temporaryDirectory();

test("a heartbeat is the present process's, not an earlier one's", () => {
  const file = directory.write("worker", JSON.stringify({ seq: 1, ...heartbeat(5), end: 1 }));
  const service = (pid: number | undefined, path?: string) =>
    ({ pid, plan: { heartbeatFile: path } }) as unknown as Service;
  expect(lastHeartbeat(service(7, file))).toMatchObject({ pid: 7, at: 5 });
  expect(lastHeartbeat(service(8, file))).toBeUndefined();
  expect(lastHeartbeat(service(undefined, file))).toBeUndefined();
  expect(lastHeartbeat(service(7))).toBeUndefined();
});
