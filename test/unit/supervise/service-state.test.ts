import { describe, expect, test } from "vitest";
import type { RestartPolicy } from "../../../src/supervise/restart-policy.ts";
import {
  type Effect,
  INITIAL_STATE,
  type ServiceEvent,
  type ServiceState,
  type StateName,
  transition,
} from "../../../src/supervise/service-state.ts";

type EventName = ServiceEvent["type"];
type Answer = [next: StateName, ...effects: Effect[]];

const POLICY: RestartPolicy = { restart: "always", maxRestarts: 5, fatalStatuses: [4] };
const EVENTS: Record<EventName, ServiceEvent> = {
  start: { type: "start" },
  ready: { type: "ready", seen: true },
  stable: { type: "stable" },
  "startup-timeout": { type: "startup-timeout" },
  exited: { type: "exited", status: 1, atMs: 1_000 },
  "backoff-elapsed": { type: "backoff-elapsed" },
  stop: { type: "stop" },
  "fast-stop": { type: "fast-stop" },
  restart: { type: "restart" },
  "restart-timeout": { type: "restart-timeout" },
  kill: { type: "kill" },
};

const spawn: Effect = { type: "spawn" };
const countStable: Effect = { type: "count-stable" };
const stop: Effect = { type: "signal", how: "stop" };
const fastStop: Effect = { type: "signal", how: "fast-stop" };
const kill: Effect = { type: "signal", how: "kill" };
const slowStart: Effect = { type: "slow-start" };
const backOff: Effect = { type: "back-off", attempt: 0 };
const endedAsAsked: Effect = { type: "ended", failed: false, fatal: false };

/** Every state × every event. `stopping` and `killing` here are those of a stop; see below for the others. */
const TABLE: Record<StateName, Record<EventName, Answer>> = {
  pending: {
    start: ["starting", spawn],
    ready: ["pending"],
    stable: ["pending"],
    "startup-timeout": ["pending"],
    exited: ["pending"],
    "backoff-elapsed": ["pending"],
    stop: ["stopped", endedAsAsked],
    "fast-stop": ["stopped", endedAsAsked],
    restart: ["starting", spawn],
    "restart-timeout": ["pending"],
    kill: ["stopped", endedAsAsked],
  },
  starting: {
    start: ["starting"],
    ready: ["running", countStable],
    stable: ["starting"],
    "startup-timeout": ["killing", slowStart, kill],
    exited: ["backoff", backOff],
    "backoff-elapsed": ["starting"],
    stop: ["stopping", stop],
    "fast-stop": ["stopping", fastStop],
    restart: ["stopping", stop],
    "restart-timeout": ["starting"],
    kill: ["killing", kill],
  },
  running: {
    start: ["running"],
    ready: ["running"],
    stable: ["running"],
    "startup-timeout": ["running"],
    exited: ["backoff", backOff],
    "backoff-elapsed": ["running"],
    stop: ["stopping", stop],
    "fast-stop": ["stopping", fastStop],
    restart: ["stopping", stop],
    "restart-timeout": ["running"],
    kill: ["killing", kill],
  },
  backoff: {
    start: ["starting", spawn],
    ready: ["backoff"],
    stable: ["backoff"],
    "startup-timeout": ["backoff"],
    exited: ["backoff"],
    "backoff-elapsed": ["starting", spawn],
    stop: ["stopped", endedAsAsked],
    "fast-stop": ["stopped", endedAsAsked],
    restart: ["starting", spawn],
    "restart-timeout": ["backoff"],
    kill: ["stopped", endedAsAsked],
  },
  stopping: {
    start: ["stopping"],
    ready: ["stopping"],
    stable: ["stopping"],
    "startup-timeout": ["stopping"],
    exited: ["stopped", endedAsAsked],
    "backoff-elapsed": ["stopping"],
    stop: ["stopping"],
    "fast-stop": ["stopping", fastStop],
    restart: ["stopping"],
    "restart-timeout": ["stopping"],
    kill: ["killing", kill],
  },
  killing: {
    start: ["killing"],
    ready: ["killing"],
    stable: ["killing"],
    "startup-timeout": ["killing"],
    exited: ["stopped", endedAsAsked],
    "backoff-elapsed": ["killing"],
    stop: ["killing"],
    "fast-stop": ["killing"],
    restart: ["killing"],
    "restart-timeout": ["killing"],
    kill: ["killing"],
  },
  stopped: {
    start: ["starting", spawn],
    ready: ["stopped"],
    stable: ["stopped"],
    "startup-timeout": ["stopped"],
    exited: ["stopped"],
    "backoff-elapsed": ["stopped"],
    stop: ["stopped"],
    "fast-stop": ["stopped"],
    restart: ["starting", spawn],
    "restart-timeout": ["stopped"],
    kill: ["stopped"],
  },
  exited: {
    start: ["starting", spawn],
    ready: ["exited"],
    stable: ["exited"],
    "startup-timeout": ["exited"],
    exited: ["exited"],
    "backoff-elapsed": ["exited"],
    stop: ["exited"],
    "fast-stop": ["exited"],
    restart: ["starting", spawn],
    "restart-timeout": ["exited"],
    kill: ["exited"],
  },
};

function stateOf(name: StateName, more: Partial<ServiceState> = {}): ServiceState {
  const afterwards = name === "stopping" || name === "killing" ? "stop" : "judge";
  return { ...INITIAL_STATE, name, afterwards, ...more };
}

const ROWS = Object.entries(TABLE).flatMap(([state, row]) =>
  Object.entries(row).map(([event, answer]) => ({
    state: state as StateName,
    event: event as EventName,
    answer,
  })),
);

describe("every state answers every event", () => {
  test("the table has all 8 states × 11 events", () => {
    const cells = new Set(ROWS.map(({ state, event }) => `${state} × ${event}`));
    expect(Object.keys(TABLE)).toHaveLength(8);
    expect(Object.keys(EVENTS)).toHaveLength(11);
    expect(cells.size).toBe(88);
  });

  test.each(ROWS)("$state × $event", ({ state, event, answer: [next, ...effects] }) => {
    const before = Object.freeze(stateOf(state));
    const result = transition(before, EVENTS[event], POLICY);
    expect(result.state.name).toBe(next);
    expect(result.effects).toEqual(effects);
  });
});

describe("what an end leads to", () => {
  const exited = (status: number, atMs = 1_000): ServiceEvent => ({ type: "exited", status, atMs });

  test.each(["stopping", "killing"] as const)("%s on the way to a restart: it is started again", (name) => {
    const { state, effects } = transition(stateOf(name, { afterwards: "restart" }), exited(0), POLICY);
    expect(state).toMatchObject({ name: "starting", exitStatus: 0, afterwards: "judge" });
    expect(effects).toEqual([spawn]);
  });

  test("a process that does not end for a restart is killed, and started again all the same", () => {
    const asked = transition(stateOf("running"), EVENTS.restart, POLICY).state;
    const late = transition(asked, EVENTS["restart-timeout"], POLICY);
    expect(late.state).toMatchObject({ name: "killing", afterwards: "restart" });
    expect(late.effects).toEqual([kill]);
    expect(transition(late.state, exited(137), POLICY).effects).toEqual([spawn]);
  });

  describe("a stop during a restart", () => {
    const refuseNew: Effect = { type: "refuse-new" };
    const asked = transition(stateOf("running"), EVENTS.restart, POLICY).state;
    const late = transition(asked, EVENTS["restart-timeout"], POLICY).state;
    const waiting: ServiceEvent = { type: "exited", status: 0, atMs: 1_000, waiting: true };

    test.each([asked, late])(
      "while $name: it does not come back, and new connections are refused at once",
      (on) => {
        const stopped = transition(on, EVENTS.stop, POLICY);
        expect(stopped.effects).toEqual([refuseNew]);
        expect(transition(stopped.state, EVENTS.stop, POLICY)).toEqual({ state: stopped.state, effects: [] });
        expect(transition(stopped.state, exited(0), POLICY)).toMatchObject({
          state: { name: "stopped" },
          effects: [endedAsAsked],
        });
      },
    );

    test.each([asked, late])(
      "while $name: what waits for it is served by one more, which then ends",
      (on) => {
        const { state } = transition(on, EVENTS.stop, POLICY);
        const rest = transition(state, waiting, POLICY);
        expect(rest.state).toMatchObject({ name: "stopping", afterwards: "stop" });
        expect(rest.effects).toEqual([refuseNew, spawn, stop]);
        expect(transition(rest.state, waiting, POLICY).state.name).toBe("stopped");
      },
    );

    test("has a deadline of its own", () => {
      const { state } = transition(asked, EVENTS.stop, POLICY);
      expect(transition(state, EVENTS["restart-timeout"], POLICY)).toEqual({ state, effects: [] });
      const killed = transition(state, EVENTS.kill, POLICY).state;
      expect(transition(killed, waiting, POLICY).state.name).toBe("stopped");
      const hurried = transition(state, EVENTS["fast-stop"], POLICY).state;
      expect(transition(hurried, waiting, POLICY).state.name).toBe("stopped");
    });

    test("or during the wait for one: the same", () => {
      const rest = transition(stateOf("backoff"), { type: "stop", waiting: true }, POLICY);
      expect(rest.state.name).toBe("stopping");
      expect(rest.effects).toEqual([refuseNew, spawn, stop]);
    });
  });

  test("killed because it was not ready in time: judged like a death", () => {
    const killed = transition(stateOf("starting"), EVENTS["startup-timeout"], POLICY).state;
    expect(transition(killed, exited(137), POLICY).state).toMatchObject({ name: "backoff", exitStatus: 137 });
    const stopped = transition(killed, EVENTS.stop, POLICY).state;
    expect(transition(stopped, exited(137), POLICY).state.name).toBe("stopped");
  });

  test("a command is never restarted, and its end is no failure", () => {
    const once: RestartPolicy = { ...POLICY, restart: "no" };
    const { state, effects } = transition(stateOf("running"), exited(3), once);
    expect(state).toMatchObject({ name: "exited", exitStatus: 3 });
    expect(effects).toEqual([endedAsAsked]);
  });

  test("on-failure: an end with 0 is the end and no failure, any other is tried again", () => {
    const onFailure: RestartPolicy = { ...POLICY, restart: "on-failure" };
    const done = transition(stateOf("running"), exited(0), onFailure);
    expect(done.state).toMatchObject({ name: "exited", exitStatus: 0 });
    expect(done.effects).toEqual([endedAsAsked]);
    expect(transition(stateOf("running"), exited(1), onFailure).state.name).toBe("backoff");
    const restartsMs = [1, 2, 3, 4, 5];
    const gaveUp = transition(stateOf("running", { restartsMs }), exited(1), onFailure);
    expect(gaveUp.effects).toEqual([{ type: "ended", failed: true, fatal: false }]);
  });

  test("a fatal status counts until the service has been ready once", () => {
    const fatal: Effect = { type: "ended", failed: true, fatal: true };
    expect(transition(stateOf("starting"), exited(4), POLICY).effects).toEqual([fatal]);
    const ready = transition(stateOf("starting"), EVENTS.ready, POLICY).state;
    expect(ready.wasReady).toBe(true);
    expect(transition(ready, exited(4), POLICY).state.name).toBe("backoff");
  });

  test("the restart after the last one allowed within the window is not made", () => {
    const restartsMs = [0, 1, 2, 3, 4];
    const gaveUp = transition(stateOf("running", { restartsMs }), exited(7, 59_999), POLICY);
    expect(gaveUp.state).toMatchObject({ name: "exited", exitStatus: 7 });
    expect(gaveUp.effects).toEqual([{ type: "ended", failed: true, fatal: false }]);
    // The first of the five is no longer in the window.
    const again = transition(stateOf("running", { restartsMs }), exited(7, 60_000), POLICY);
    expect(again.state).toMatchObject({ name: "backoff", restartsMs: [1, 2, 3, 4, 60_000] });
  });

  test("each failure in a row waits longer; having been stable begins anew", () => {
    const second = transition(stateOf("running", { attempt: 1 }), exited(1), POLICY);
    expect(second.effects).toEqual([{ type: "back-off", attempt: 1 }]);
    const stable = transition(stateOf("running", { attempt: 4, restartsMs: [1] }), EVENTS.stable, POLICY);
    expect(stable.state).toMatchObject({ attempt: 0, restartsMs: [] });
  });

  test("a death after having been ready is no start that failed, and each in a row is counted", () => {
    let state = stateOf("starting");
    for (const attempt of [0, 1, 2]) {
      state = transition(state, EVENTS.ready, POLICY).state;
      const died = transition(state, exited(1), POLICY);
      expect(died.effects).toEqual([{ type: "back-off", attempt }]);
      expect(died.state).toMatchObject({ failedStarts: 0, attempt: attempt + 1 });
      state = transition(died.state, EVENTS["backoff-elapsed"], POLICY).state;
    }
  });

  test("a restart is not a stop: what ends on the way to it is started again", () => {
    const asked = transition(stateOf("running"), EVENTS.restart, POLICY).state;
    expect(transition(asked, exited(0), POLICY).effects).toEqual([spawn]);
  });

  describe("a start that comes to nothing counts, whatever time it took", () => {
    const presumed: ServiceEvent = { type: "ready", seen: false };
    /** Starts it and lets it fail again and again, two minutes each; gives the transition that ends it. */
    const failures = (first: ServiceState, events: ServiceEvent[], status = 137) => {
      let state = first;
      for (let starts = 1; starts < 20; starts += 1) {
        for (const event of events) state = transition(state, event, POLICY).state;
        const after = transition(state, exited(status, starts * 120_000), POLICY);
        if (after.state.name === "exited") return { starts, ...after };
        state = transition(after.state, EVENTS["backoff-elapsed"], POLICY).state;
      }
      return { starts: Number.POSITIVE_INFINITY, state, effects: [] };
    };
    const gaveUp: Effect = { type: "ended", failed: true, fatal: false };

    test.each([
      ["never ready in time", [EVENTS["startup-timeout"]]],
      ["taken for ready, and dead before it has lived long", [presumed]],
      ["dead before it is ready", []],
    ])("%s: after five more the container ends with its status", (_, events) => {
      const end = failures(stateOf("starting"), events);
      expect(end).toMatchObject({
        starts: 6,
        state: { exitStatus: 137, failedStarts: 6 },
        effects: [gaveUp],
      });
    });

    test("one that was ready once and fails to come up again and again as well", () => {
      const died = transition(stateOf("running", { proven: true, wasReady: true }), exited(1), POLICY).state;
      expect(died.failedStarts).toBe(0);
      const again = transition(died, EVENTS["backoff-elapsed"], POLICY).state;
      expect(failures(again, [EVENTS["startup-timeout"]])).toMatchObject({ starts: 6, effects: [gaveUp] });
    });

    test.each([
      ["was seen to be ready", [EVENTS.ready]],
      ["was taken for ready and has lived long", [presumed, EVENTS.stable]],
    ])("one that %s each time is started again for ever", (_, events) => {
      expect(failures(stateOf("starting"), events).starts).toBe(Number.POSITIVE_INFINITY);
    });

    test("an operator who asks for it begins anew", () => {
      const end = failures(stateOf("starting"), []).state;
      expect(transition(end, EVENTS.start, POLICY).state).toMatchObject({
        name: "starting",
        failedStarts: 0,
      });
    });
  });

  describe("an application that cannot be loaded, by its own words", () => {
    const unloadable: ServiceEvent = { type: "exited", status: 1, atMs: 1_000, unloadable: true };
    const fatal: Effect = { type: "ended", failed: true, fatal: true };

    test.each([
      ["before it is ready", stateOf("starting"), [fatal]],
      ["taken for ready, which proves nothing", stateOf("running"), [fatal]],
      ["ready once", stateOf("starting", { wasReady: true }), [backOff]],
    ])("%s", (_, before, effects) => {
      expect(transition(before, unloadable, POLICY).effects).toEqual(effects);
    });

    test("an end with 0 is none", () => {
      const end = transition(stateOf("starting"), { ...unloadable, status: 0 }, POLICY);
      expect(end.effects).toEqual([backOff]);
    });
  });
});
