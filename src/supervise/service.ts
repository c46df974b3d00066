// Acts for one service what its state machine decides: processes, signals, timers.
import { type Clock, within } from "../base/clock.ts";
import type { RelayObserver } from "../logs/observer.ts";
import { LastLines } from "../logs/write/last-lines.ts";
import type { OwnLog } from "../logs/write/own-log.ts";
import type { Sink } from "../logs/write/sink.ts";
import type { ServicePlan, StartedProcess } from "../plan/plan.ts";
import { catchesSignal } from "../platform/proc.ts";
import { saysItCannotLoad } from "./failure-cause.ts";
import type { KilledProcesses } from "./memory/killed-processes.ts";
import { askToEnd, askToHurry, kill } from "./process/ending.ts";
import { prepareFiles } from "./process/prepare-files.ts";
import type { Reaper } from "./process/reaper.ts";
import { adoptService, type Spawned, type SpawnOptions, sendSignal, spawnService } from "./process/spawn.ts";
import { type ReadinessWatch, watchReadiness } from "./readiness/readiness.ts";
import { backoffMs, STABLE_AFTER_MS } from "./restart-policy.ts";
import { ServiceRecords } from "./service-records.ts";
import {
  type Effect,
  INITIAL_STATE,
  type ServiceEvent,
  type ServiceState,
  transition,
} from "./service-state.ts";
import { HeldSockets } from "./sockets/held-sockets.ts";

/** A process that hands its pipe to a daemon must not hold up the news of its own end. */
const RELAY_TIMEOUT_MS = 1_000;
/**
 * For a web service that has never answered: there is no request to finish. A gunicorn worker that has just been forked
 * swallows TERM, and its master would wait for it longer than the whole grace period.
 */
const UNREADY_STOP_MS = 3_000;

export interface ServiceDependencies {
  clock: Clock;
  sink: Sink;
  log: OwnLog;
  reaper: Reaper;
  environment: NodeJS.ProcessEnv;
  observer?: RelayObserver;
  killed: KilledProcesses;
  startupTimeoutMs: number;
  maxRestarts: number;
  /** Called after each change; `ended` when it has ended and will not come back unasked. */
  onChange: (service: Service, ended?: Extract<Effect, { type: "ended" }>) => void;
}

export class Service {
  plan: ServicePlan;
  /** Without what its plan adds. */
  environment: NodeJS.ProcessEnv;
  #said = new LastLines();
  restarts = 0;
  pid: number | undefined;
  #state: ServiceState = INITIAL_STATE;
  #timers: (() => void)[] = [];
  #readiness: ReadinessWatch | undefined;
  /** Whether its present process has answered a request yet; undefined where nothing asks it one. */
  #serves: boolean | undefined;
  readonly #sockets: HeldSockets | undefined;
  /** Its first process, until it is taken over. */
  #started: StartedProcess | undefined;
  readonly #with: ServiceDependencies;
  readonly #records: ServiceRecords;

  constructor(plan: ServicePlan, dependencies: ServiceDependencies) {
    this.plan = plan;
    this.environment = dependencies.environment;
    this.#with = dependencies;
    this.#records = new ServiceRecords(dependencies.log, plan.name);
    this.#started = plan.started;
    this.#sockets = plan.sockets && new HeldSockets(plan.sockets, dependencies.clock);
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** What its last process said last. */
  get lastLines(): readonly string[] {
    return this.#said.lines;
  }

  get name(): string {
    return this.plan.name;
  }

  /** Whether PID 1 holds the socket that it was given by the boot: else it opens its own. */
  get holdsSocket(): boolean {
    return this.#sockets?.holdsInherited ?? false;
  }

  get ready(): boolean {
    return this.#state.name === "running";
  }

  /** Why it does not come up, if it says so. */
  get unready(): string | undefined {
    return this.ready ? undefined : this.#readiness?.why;
  }

  /** Has no process and will get none unless asked. */
  get ended(): boolean {
    return this.#state.name === "stopped" || this.#state.name === "exited";
  }

  /** What its next process is started with; sockets that are not in the plan any more are let go of. */
  renew(plan: ServicePlan, environment: NodeJS.ProcessEnv): void {
    this.plan = plan;
    this.environment = environment;
    if (plan.sockets !== undefined) this.#sockets?.replan(plan.sockets);
  }

  handle(event: ServiceEvent): void {
    const before = this.#state.name;
    const policy = { ...this.plan, maxRestarts: this.#with.maxRestarts };
    const { state, effects } = transition(this.#state, event, policy);
    this.#state = state;
    if (before !== state.name) {
      this.#clearTimers();
      if (state.name === "running") this.#serves = true;
      this.#records.changed(before, state.name);
    }
    for (const effect of effects) this.#act(effect);
    const ended = effects.find((effect) => effect.type === "ended");
    if (before !== state.name) this.#with.onChange(this, ended);
  }

  /** Whether a signal has its handler: else it would end (HUP) or freeze (TTIN) the service. Commands get all. */
  takes(signal: NodeJS.Signals): boolean {
    if (this.plan.restart === "no") return true;
    return this.ready && this.pid !== undefined && catchesSignal(this.pid, signal);
  }

  /** Sends a signal to its main process only. */
  signal(signal: NodeJS.Signals): void {
    if (this.pid !== undefined) sendSignal(this.pid, signal);
  }

  #act(effect: Effect): void {
    const { clock, startupTimeoutMs } = this.#with;
    switch (effect.type) {
      case "spawn":
        return this.#spawn();
      case "count-stable":
        return this.#after(STABLE_AFTER_MS, { type: "stable" });
      case "signal":
        return this.#end(effect.how);
      case "back-off": {
        const delayMs = backoffMs(effect.attempt, Math.random());
        this.#records.backsOff(this.#state.exitStatus, delayMs);
        this.restarts += 1;
        this.#timers.push(clock.after(delayMs, () => this.handle({ type: "backoff-elapsed" })));
        return;
      }
      case "slow-start":
        return this.#records.slowStart(startupTimeoutMs, this.lastLines, this.unready);
      case "ended":
        // Stopped before it was taken over.
        if (this.#started !== undefined) sendSignal(-this.#started.pid, "SIGKILL");
        return void this.#sockets?.release();
    }
  }

  #spawn(): void {
    const { sink, clock, reaper, killed, startupTimeoutMs } = this.#with;
    const { plan, environment } = this;
    const said = new LastLines();
    this.#said = said;
    let spawned: Spawned;
    try {
      prepareFiles(plan);
      const sockets = this.#sockets?.descriptors() ?? [];
      const options: SpawnOptions = {
        plan,
        environment: { ...environment, ...this.#sockets?.variables(sockets.length) },
        sockets,
        sink,
        clock,
        reaper,
        observer: this.#with.observer,
        onRecord: (fields) => {
          said.add(fields);
          killed.read(this.name, fields);
          this.#readiness?.see(fields);
        },
      };
      const started = this.#started;
      this.#started = undefined;
      spawned = started === undefined ? spawnService(options) : adoptService(started, options);
    } catch (error) {
      this.#records.cannotStart((error as Error).message);
      // Not at once: the machine must have come to rest in `starting` before the next event. Not among the timers
      // that a change of state cancels either: a stop that comes first waits for this very event.
      clock.after(0, () => this.#exited(undefined, 127));
      return;
    }
    this.#serves = plan.readiness.kind === "http" ? false : undefined;
    const { pid, ended, relayed } = spawned;
    this.pid = pid;
    this.#records.started(pid);
    ended.then(
      async (status) => {
        this.pid = undefined;
        if (pid !== undefined && reaper.wasKilled(pid) && this.#state.name !== "killing")
          killed.note(pid, this.name);
        if (pid !== undefined && plan.output === "relay") sendSignal(-pid, "SIGTERM");
        // Its last words come first.
        await within(clock, RELAY_TIMEOUT_MS, relayed);
        this.#exited(pid, status);
      },
      (error: Error) => {
        this.#records.cannotStart(error.message);
        this.#exited(undefined, 127);
      },
    );
    this.#readiness = watchReadiness(plan.readiness, clock, (seen) => this.handle({ type: "ready", seen }));
    this.#after(startupTimeoutMs, { type: "startup-timeout" });
  }

  #exited(pid: number | undefined, status: number): void {
    // What it leaves behind holds its port, its socket, its tasks: its successor must find them free.
    if (pid !== undefined && this.plan.output === "relay") sendSignal(-pid, "SIGKILL");
    // Those that load an application have statuses of their own for one that cannot be loaded, and do not always use them.
    const unloadable = this.plan.fatalStatuses.length > 0 && saysItCannotLoad(this.#said.lines);
    this.handle({ type: "exited", status, atMs: this.#with.clock.monotonicMs(), unloadable });
  }

  #end(how: "stop" | "fast-stop" | "kill"): void {
    const { pid } = this;
    const forGood = this.#state.afterwards === "stop";
    if (how !== "kill" && this.#serves === false && forGood) this.#after(UNREADY_STOP_MS, { type: "kill" });
    if (pid === undefined) return;
    const isPresent = (): boolean => this.pid === pid;
    const ending = { plan: this.plan, pid, sockets: this.#sockets, clock: this.#with.clock, isPresent };
    if (how === "stop") void askToEnd(ending, forGood);
    else if (how === "fast-stop") askToHurry(ending);
    else kill(ending);
  }

  #after(delayMs: number, event: ServiceEvent): void {
    this.#timers.push(this.#with.clock.after(delayMs, () => this.handle(event)));
  }

  #clearTimers(): void {
    this.#readiness?.cancel();
    for (const cancel of this.#timers.splice(0)) cancel();
  }
}
