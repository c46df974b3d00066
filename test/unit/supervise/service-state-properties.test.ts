import fc from "fast-check";
import { expect, test } from "vitest";
import {
  RESTART_WINDOW_MS,
  type RestartPolicy,
  STABLE_AFTER_MS,
} from "../../../src/supervise/restart-policy.ts";
import { INITIAL_STATE, type ServiceEvent, transition } from "../../../src/supervise/service-state.ts";

// A busy machine may take its time.

const RUNS = { numRuns: 2_000 };

/** What may happen to a service. `waiting`: clients wait in its sockets. `timer` fires one that is armed, `dies` and `obeys` end its process if it has one. */
type Happening =
  | { what: "start" | "stop" | "fast-stop" | "restart" | "kill" | "obeys"; waiting?: boolean }
  | { what: "timer"; pick: number }
  | { what: "dies"; status: number; waiting?: boolean }
  | { what: "passes"; ms: number };

const request = fc.constantFrom("start", "stop", "fast-stop", "restart", "kill", "obeys");
const waiting = fc.boolean();
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: request, waiting }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("timer" as const), pick: fc.nat(9) }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("dies" as const), status: fc.nat(5), waiting }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("passes" as const), ms: fc.nat(90_000) }) },
);
const policy: fc.Arbitrary<RestartPolicy> = fc.record({
  restart: fc.constantFrom("always", "on-failure", "no"),
  maxRestarts: fc.nat(4),
  fatalStatuses: fc.constantFrom([], [4]),
});

/** The acting part in small: processes, signals, timers. */
class World {
  state = INITIAL_STATE;
  processes = 0;
  signalled = false;
  nowMs = 0;
  /** Restarts that the machine decided on since somebody last asked for the service. */
  restartsMs: number[] = [];
  /** Processes in a row that ended by themselves, or for being slow, before they had come up. */
  failedStarts = 0;
  /** Whether the present process has come up. */
  #cameUp = false;
  /** A stop was asked for, and nothing else since. */
  mustEnd = false;
  /** Processes after a stop, for clients that wait. */
  #rests = 0;
  #timers: { event: ServiceEvent; atMs: number }[] = [];

  readonly policy: RestartPolicy;

  constructor(policy: RestartPolicy) {
    this.policy = policy;
  }

  get ended(): boolean {
    return this.state.name === "stopped" || this.state.name === "exited";
  }

  happen(happening: Happening): void {
    switch (happening.what) {
      case "passes":
        this.nowMs += happening.ms;
        return;
      case "timer": {
        const timer = this.#timers[happening.pick % Math.max(this.#timers.length, 1)];
        if (timer === undefined) return;
        this.#timers = this.#timers.filter((other) => other !== timer);
        this.nowMs = Math.max(this.nowMs, timer.atMs);
        return this.send(timer.event);
      }
      case "dies":
        return this.die(happening.status, happening.waiting);
      case "obeys":
        if (this.signalled) this.die(143, happening.waiting);
        return;
      case "start":
      case "restart":
        this.mustEnd = false;
        this.#rests = 0;
        if (this.ended || this.state.name === "pending") this.restartsMs = [];
        if (this.ended || this.state.name === "pending") this.failedStarts = 0;
        return this.send({ type: happening.what });
      default:
        this.mustEnd = true;
        if (happening.what === "stop")
          return this.send({ type: "stop", waiting: happening.waiting ?? false });
        return this.send({ type: happening.what });
    }
  }

  die(status: number, waiting = false): void {
    if (this.processes === 0) return;
    this.processes -= 1;
    this.signalled = false;
    this.send({ type: "exited", status, atMs: this.nowMs, waiting });
  }

  send(event: ServiceEvent): void {
    const { name: before, afterwards } = this.state;
    this.#countStarts(event);
    const { state, effects } = transition(this.state, event, this.policy);
    this.state = state;
    if (before !== state.name || afterwards !== state.afterwards) this.#timers = [];
    const isSlow = before === "starting" && event.type === "startup-timeout";
    expect(
      effects.some(({ type }) => type === "slow-start"),
      "slow start",
    ).toBe(isSlow);
    const isForTheRest = effects.some(({ type }) => type === "refuse-new") && effects.length > 1;
    for (const effect of effects) {
      if (effect.type === "spawn") this.#spawn(isForTheRest);
      if (effect.type === "signal") this.#signal();
      if (effect.type === "signal" && effect.how === "stop" && state.afterwards === "restart")
        this.#arm({ type: "restart-timeout" }, 25_000);
      if (effect.type === "count-stable") this.#arm({ type: "stable" }, STABLE_AFTER_MS);
      if (effect.type === "back-off") {
        this.restartsMs.push(this.nowMs);
        this.#arm({ type: "backoff-elapsed" }, 200);
      }
    }
    this.#check();
  }

  #countStarts(event: ServiceEvent): void {
    const { name, afterwards } = this.state;
    if (
      (name === "starting" && event.type === "ready" && event.seen) ||
      (name === "running" && event.type === "stable")
    ) {
      this.#cameUp = true;
      this.failedStarts = 0;
    }
    const isJudged = name === "starting" || name === "running" || afterwards === "judge";
    if (event.type === "exited" && isJudged) this.failedStarts = this.#cameUp ? 0 : this.failedStarts + 1;
  }

  #spawn(isForTheRest: boolean): void {
    this.#cameUp = false;
    this.processes += 1;
    if (isForTheRest) {
      this.#rests += 1;
      expect(this.#rests, "processes for what waits").toBe(1);
      return;
    }
    expect(this.mustEnd, "spawned after a stop").toBe(false);
    this.#arm({ type: "ready", seen: true }, 0);
    this.#arm({ type: "ready", seen: false }, 10_000);
    this.#arm({ type: "startup-timeout" }, 120_000);
  }

  #signal(): void {
    expect(this.processes, "signalled nobody").toBe(1);
    this.signalled = true;
  }

  #arm(event: ServiceEvent, afterMs: number): void {
    this.#timers.push({ event, atMs: this.nowMs + afterMs });
  }

  #check(): void {
    expect(this.processes, "processes").toBeLessThanOrEqual(1);
    const alive = ["starting", "running", "stopping", "killing"].includes(this.state.name);
    expect(this.processes, `processes in ${this.state.name}`).toBe(alive ? 1 : 0);
    const windowMs = this.restartsMs.filter((at) => this.nowMs - at < RESTART_WINDOW_MS);
    expect(windowMs.length, "restarts in the window").toBeLessThanOrEqual(this.policy.maxRestarts);
    const rests = this.ended || this.state.name === "pending";
    if (!rests) expect(this.failedStarts, "starts in vain").toBeLessThanOrEqual(this.policy.maxRestarts);
    if (this.policy.restart === "no") expect(this.restartsMs).toEqual([]);
  }
}

test("whatever happens: one process at most, none once it has ended, no spawn after a stop but one for clients that wait, no restart too many", () => {
  fc.assert(
    fc.property(policy, fc.array(happening, { maxLength: 60 }), (policy, happenings) => {
      const world = new World(policy);
      for (const happening of happenings) world.happen(happening);
    }),
    RUNS,
  );
});

test("whatever happened before: asked to stop, then killed, it ends", () => {
  fc.assert(
    fc.property(policy, fc.array(happening, { maxLength: 60 }), fc.boolean(), (policy, happenings, obeys) => {
      const world = new World(policy);
      for (const happening of happenings) world.happen(happening);
      world.happen({ what: "stop" });
      if (obeys) world.happen({ what: "obeys" });
      else world.happen({ what: "kill" });
      if (!obeys) world.die(137, true);
      expect(world.ended).toBe(true);
      expect(world.processes).toBe(0);
    }),
    RUNS,
  );
});

test("whatever happened before: asked to restart, a process that ends when it is killed is replaced", () => {
  fc.assert(
    fc.property(policy, fc.array(happening, { maxLength: 60 }), (policy, happenings) => {
      const world = new World(policy);
      for (const happening of happenings) world.happen(happening);
      if (world.state.name !== "running" && world.state.name !== "starting") return;
      world.happen({ what: "restart" });
      world.happen({ what: "timer", pick: 0 });
      expect(world.state.name).toBe("killing");
      world.die(137);
      expect(world.state.name).toBe("starting");
    }),
    RUNS,
  );
});

test("a service that fails in any way is tried again or has ended: it never hangs without a process", () => {
  fc.assert(
    fc.property(policy, fc.array(fc.nat(5), { maxLength: 20 }), (policy, statuses) => {
      const world = new World(policy);
      world.happen({ what: "start" });
      for (const status of statuses) {
        world.happen({ what: "dies", status });
        expect(["backoff", "exited"]).toContain(world.state.name);
        world.happen({ what: "timer", pick: 0 });
        if (world.ended) return;
        expect(world.processes).toBe(1);
      }
    }),
    RUNS,
  );
});
