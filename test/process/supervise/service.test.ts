import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { openSink } from "../../../src/logs/write/open-sink.ts";
import { openLog } from "../../../src/logs/write/own-log.ts";
import type { ServicePlan } from "../../../src/plan/plan.ts";
import { PlacesLook } from "../../../src/platform/confinement/places.ts";
import { KilledProcesses } from "../../../src/supervise/memory/killed-processes.ts";
import { Reaper } from "../../../src/supervise/process/reaper.ts";
import { Service, type ServiceDependencies } from "../../../src/supervise/service.ts";
import { eventually } from "../../support/eventually.ts";
import { realPipe } from "../../support/real-pipe.ts";
import { Supervised, servicePlan } from "../../support/supervised.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** A service whose program cannot be started: its end follows its start at once. */
function broken(
  onChange: ServiceDependencies["onChange"],
  {
    plan = {},
    clock = new VirtualClock(),
    ...more
  }: Partial<ServiceDependencies> & { plan?: Partial<ServicePlan> } = {},
): Service {
  const pipe = realPipe();
  const sink = openSink(pipe.writeFd);
  pipe.read();
  return new Service(servicePlan("app", "steady", { argv: ["nul\0byte"], ...plan }), {
    clock,
    sink,
    log: openLog(sink),
    reaper: new Reaper(),
    killed: new KilledProcesses(),
    environment: {},
    startupTimeoutMs: 120_000,
    limitRestart: () => () => {},
    maxRestarts: 3,
    onChange,
    ...more,
  });
}

/** Of a file system that does not answer before `answer`. */
function slowLook(answer: Promise<unknown>): PlacesLook {
  const ask = async (path: string) => {
    await answer;
    return { dev: 1, ino: path.length };
  };
  return new PlacesLook(ask as unknown as ConstructorParameters<typeof PlacesLook>[0]);
}

const NOTHING = {
  system: [],
  reads: [],
  lists: [],
  linked: [],
  writes: [],
  creates: [],
  appDirectory: "/app",
};
const SERVING = {
  confinement: { ...NOTHING, kind: "nginx" as const, reads: ["/usr/share"], served: ["/usr/share"] },
};
/** A start that has been tried has failed: see above. */
const isTried = (service: Service): boolean => service.state.name === "backoff";

test("an event that an effect or a change leads to is handled after the present one, and before handle returns", () => {
  const seen: string[] = [];
  const service = broken((it) => {
    const { name } = it.state;
    seen.push(`${name} begins`);
    if (name === "backoff") it.handle({ type: "stop" });
    seen.push(`${it.state.name} ends`);
  });
  service.handle({ type: "start" });
  expect(seen).toEqual(
    ["starting", "backoff", "stopped"].flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
  expect(service.state.name).toBe("stopped");
});

test("what it serves is looked at before its start, which waits for an answer", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const service = broken(() => {}, { plan: SERVING, look: slowLook(promise) });
  service.handle({ type: "start" });
  await turn();
  expect(service.state.name).toBe("starting");
  resolve();
  await eventually(() => isTried(service), { what: "it is started" });
  expect(await service.isOutgrown()).toBe(false);
});

test("a file system that does not answer holds a start up for a second, and PID 1 not at all", async () => {
  const clock = new VirtualClock();
  const { promise, resolve } = Promise.withResolvers<void>();
  const service = broken(() => {}, { plan: SERVING, clock, look: slowLook(promise) });
  service.handle({ type: "start" });
  clock.advance(999);
  await turn();
  expect(service.state.name).toBe("starting");
  clock.advance(1);
  await eventually(() => isTried(service), { what: "it is started" });
  // What lies there is news when there is an answer: one more start gets it.
  resolve();
  expect(await service.hasMoved()).toBe(true);
});

test("a stop meanwhile ends what has been started", async () => {
  const clock = new VirtualClock();
  const plan = { ...SERVING, argv: servicePlan("app", "steady").argv };
  const service = broken(() => {}, { plan, clock, look: slowLook(new Promise(() => {})) });
  service.handle({ type: "start" });
  service.handle({ type: "stop" });
  expect(service.state.name).toBe("stopping");
  clock.advance(1_000);
  await eventually(
    () => {
      clock.advance(100);
      return service.state.name === "stopped";
    },
    { what: "it has ended" },
  );
});

test.each(["plan", "environment", "restarts", "pid", "name", "state"])(
  "nobody else can set its %s",
  (field) => {
    const service = new Supervised([servicePlan("app", "steady")]).service("app");
    const before = Reflect.get(service, field);
    Reflect.set(service, field, "other");
    expect(Reflect.get(service, field)).toBe(before);
  },
);
