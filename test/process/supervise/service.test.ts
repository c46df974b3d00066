import { expect, test } from "vitest";
import { openSink } from "../../../src/logs/write/open-sink.ts";
import { openLog } from "../../../src/logs/write/own-log.ts";
import { KilledProcesses } from "../../../src/supervise/memory/killed-processes.ts";
import { Reaper } from "../../../src/supervise/process/reaper.ts";
import { Service, type ServiceDependencies } from "../../../src/supervise/service.ts";
import { realPipe } from "../../support/real-pipe.ts";
import { Supervised, servicePlan } from "../../support/supervised.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** A service whose program cannot be started: its end follows its start at once. */
function broken(onChange: ServiceDependencies["onChange"]): Service {
  const pipe = realPipe();
  const sink = openSink(pipe.writeFd);
  pipe.read();
  return new Service(servicePlan("app", "steady", { argv: ["nul\0byte"] }), {
    clock: new VirtualClock(),
    sink,
    log: openLog(sink),
    reaper: new Reaper(),
    killed: new KilledProcesses(),
    environment: {},
    startupTimeoutMs: 120_000,
    limitRestart: () => () => {},
    maxRestarts: 3,
    onChange,
  });
}

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

test.each(["plan", "environment", "restarts", "pid", "name", "state"])(
  "nobody else can set its %s",
  (field) => {
    const service = new Supervised([servicePlan("app", "steady")]).service("app");
    const before = Reflect.get(service, field);
    Reflect.set(service, field, "other");
    expect(Reflect.get(service, field)).toBe(before);
  },
);
