import { expect, test } from "vitest";
import type { Service } from "../../../src/supervise/service.ts";
import { watchCarried } from "../../../src/supervise/sockets/watch-carried.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** nginx, which drains, before an application whose connections cannot be seen: its readiness has no socket. */
function watch(reload: string | undefined, takes = true) {
  const clock = new VirtualClock();
  const signals: string[] = [];
  const said: string[] = [];
  const front = {
    name: "nginx",
    pid: 7 as number | undefined,
    state: { name: "stopping" },
    plan: { readiness: { kind: "settled" } },
  };
  const back = {
    name: "gunicorn",
    ready: true,
    plan: { reload, readiness: { kind: "settled" } },
    takes: () => takes,
    signal: (signal: string) => signals.push(signal),
  };
  const ignore = () => {};
  const log = {
    debug: ignore,
    warn: ignore,
    error: ignore,
    info: (_: object, msg: string) => said.push(msg),
  };
  const tell = () => {
    throw new Error("nobody may be told: nothing is known");
  };
  watchCarried(front as unknown as Service, back as unknown as Service, { clock, log, tell });
  return { clock, front, back, signals, said };
}

test("where nothing can be seen the application gets new workers, once", () => {
  const { clock, signals, said } = watch("SIGHUP");
  clock.advance(2_999);
  expect(signals).toEqual([]);
  clock.advance(60_000);
  expect(signals).toEqual(["SIGHUP"]);
  expect(said).toEqual([
    "nginx waits for connections that stay open: gunicorn gets new workers, and its old ones end them",
  ]);
});

test.each([
  ["has no signal for it", undefined, true],
  ["would be started anew", "restart", true],
  ["does not take signals yet", "SIGHUP", false],
])("an application that %s gets none", (_, reload, takes) => {
  const { clock, signals, said } = watch(reload, takes);
  clock.advance(60_000);
  expect([signals, said]).toEqual([[], []]);
});

test.each([
  ["the server has stopped", (at: ReturnType<typeof watch>) => (at.front.state.name = "stopped")],
  ["another process of it runs", (at: ReturnType<typeof watch>) => (at.front.pid = 8)],
  ["the application is not ready", (at: ReturnType<typeof watch>) => (at.back.ready = false)],
])("once %s there is nothing to look at", (_, change) => {
  const watched = watch("SIGHUP");
  watched.clock.advance(1_000);
  change(watched);
  watched.clock.advance(250);
  // It does not begin again either.
  Object.assign(watched.front, { pid: 7, state: { name: "stopping" } });
  watched.back.ready = true;
  watched.clock.advance(60_000);
  expect(watched.signals).toEqual([]);
});
