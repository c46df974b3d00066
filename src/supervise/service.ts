// Carries out what the state machine of one service decides: processes, signals, timers.
import type { OwnLog } from "../logs/write/own-log.ts";
import type { ServicePlan } from "../plan/plan.ts";
import { catchesSignal } from "../platform/proc.ts";
import { EventQueue } from "./event-queue.ts";
import { saysItCannotLoad } from "./failure-cause.ts";
import { watchHealth } from "./readiness/ask-health.ts";
import type { HealthWatch } from "./readiness/health-watch.ts";
import { type ReadinessWatch, watchReadiness } from "./readiness/readiness.ts";
import { backoffMs, STABLE_AFTER_MS } from "./restart-policy.ts";
import { type ProcessDependencies, ServiceProcess, withWaiting } from "./service-process.ts";
import { ServiceRecords } from "./service-records.ts";
import {
  type Effect,
  INITIAL_STATE,
  type ServiceEvent,
  type ServiceState,
  transition,
} from "./service-state.ts";

/**
 * For a web service that has never answered, so that there is no request to finish. A gunicorn worker that has just been
 * forked swallows TERM, and its master would wait for it for longer than the whole grace period.
 */
const UNREADY_STOP_MS = 3_000;

export interface ServiceDependencies extends ProcessDependencies {
  log: OwnLog;
  startupTimeoutMs: number;
  /** Sets the deadline of an old process where a new one is to take its place. Returns a function that cancels it. */
  limitRestart: (service: Service) => () => void;
  maxRestarts: number;
  /** Called after each change. `ended` is set when the service has ended and does not come back unless asked. */
  onChange: (service: Service, ended?: Extract<Effect, { type: "ended" }>) => void;
}

export class Service {
  readonly #process: ServiceProcess;
  #restarts = 0;
  #state: ServiceState = INITIAL_STATE;
  readonly #events = new EventQueue<ServiceEvent>((event) => this.#handle(event));
  readonly #watchers = new Set<() => void>();
  #timers: (() => void)[] = [];
  #readiness: ReadinessWatch | undefined;
  #health: HealthWatch | undefined;
  /** Whether its current process has answered a request yet; undefined if nothing probes it. */
  #serves: boolean | undefined;
  readonly #with: ServiceDependencies;
  readonly #records: ServiceRecords;

  constructor(plan: ServicePlan, dependencies: ServiceDependencies) {
    this.#with = dependencies;
    this.#process = new ServiceProcess(plan, dependencies);
    this.#records = new ServiceRecords(dependencies.log, plan.name);
  }

  get state(): ServiceState {
    return this.#state;
  }

  get name(): string {
    return this.plan.name;
  }

  get plan(): ServicePlan {
    return this.#process.plan;
  }

  /** Without what its plan adds. */
  get environment(): NodeJS.ProcessEnv {
    return this.#process.environment;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** The last lines of its last process. */
  get lastLines(): readonly string[] {
    return this.#process.lastLines;
  }

  get endSignal(): NodeJS.Signals | undefined {
    return this.#process.endSignal;
  }

  /** Whether PID 1 holds the service's socket from the boot. If not, the service opens its own. */
  get holdsSocket(): boolean {
    return this.#process.holdsSocket;
  }

  get ready(): boolean {
    return this.#state.name === "running";
  }

  /** Why the service has not come up yet, if a probe has told. */
  get unready(): string | undefined {
    return this.ready ? undefined : (this.#readiness?.why ?? this.#health?.why);
  }

  /** Why it is not well, according to its health command. */
  get ill(): string | undefined {
    return this.ready ? this.#health?.ill : undefined;
  }

  /** Whether it has no process and gets none unless asked. */
  get ended(): boolean {
    return this.#state.name === "stopped" || this.#state.name === "exited";
  }

  /** The plan of its next process. Sockets that are not in it any more are released. */
  renew(plan: ServicePlan, environment: NodeJS.ProcessEnv): void {
    this.#process.renew(plan, environment);
  }

  /** Called from outside, it returns when the event has been handled with all its effects. From within, the event is queued. */
  handle(event: ServiceEvent): void {
    this.#events.put(event);
  }

  #handle(event: ServiceEvent): void {
    const { name: before, afterwards } = this.#state;
    const policy = { ...this.plan, maxRestarts: this.#with.maxRestarts };
    const complete = withWaiting(event, this.#state, this.#process);
    const { state, effects } = transition(this.#state, complete, policy);
    this.#state = state;
    // A stop during a restart has a deadline of its own.
    if (before !== state.name || afterwards !== state.afterwards) this.#clearTimers();
    if (before !== state.name) {
      if (state.name !== "starting" && state.name !== "running") this.#health?.cancel();
      if (state.name === "running") this.#serves = true;
      this.#records.changed(before, state.name);
    }
    for (const effect of effects) this.#act(effect);
    const ended = effects.find((effect) => effect.type === "ended");
    if (before === state.name && !effects.some(({ type }) => type === "spawn")) return;
    this.#with.onChange(this, ended);
    for (const watcher of this.#watchers) watcher();
  }

  /** Calls `watcher` after each change of state, until the returned function is called. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Whether only a new process would reach what its plan names by now. */
  isOutgrown(): Promise<boolean> {
    return this.#process.isOutgrown();
  }

  hasMoved(): Promise<boolean> {
    return this.#process.hasMoved();
  }

  /** Whether the service handles a signal: HUP would end it, and TTIN freeze it, without a handler. Commands get all signals. */
  takes(signal: NodeJS.Signals): boolean {
    if (this.plan.restart === "no") return true;
    return this.ready && this.pid !== undefined && catchesSignal(this.pid, signal);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.signal(signal);
  }

  #act(effect: Effect): void {
    const { clock, startupTimeoutMs } = this.#with;
    switch (effect.type) {
      case "spawn":
        return this.#process.whenSeen(() => this.#spawn());
      case "count-stable":
        return this.#after(STABLE_AFTER_MS, { type: "stable" });
      case "signal":
        return this.#end(effect.how);
      case "refuse-new":
        return this.#process.refuseNew();
      case "back-off": {
        const delayMs = backoffMs(effect.attempt, Math.random());
        this.#records.backsOff(this.#state.exitStatus, delayMs);
        this.#restarts += 1;
        this.#timers.push(clock.after(delayMs, () => this.handle({ type: "backoff-elapsed" })));
        return;
      }
      case "slow-start":
        return this.#records.slowStart(startupTimeoutMs, this.lastLines, this.unready);
      case "ended":
        return this.#process.release();
    }
  }

  #spawn(): void {
    const { clock, startupTimeoutMs } = this.#with;
    const { readiness } = this.plan;
    const fail = (thrown: unknown): void => {
      this.#records.cannotStart((thrown as Error).message);
      this.#exited(127);
    };
    try {
      this.#process.start({
        onRecord: (fields) => this.#readiness?.see(fields),
        isKilling: () => this.#state.name === "killing",
        onEnd: (status) => this.#exited(status),
        onFailure: fail,
      });
    } catch (error) {
      return fail(error);
    }
    this.#records.started(this.pid);
    const isForTheRest = this.#state.name === "stopping";
    this.#serves = readiness.kind === "http" && !isForTheRest ? false : undefined;
    if (isForTheRest) return this.#records.servesRest();
    this.#readiness = watchReadiness(readiness, clock, (seen) => this.handle({ type: "ready", seen }));
    this.#health = watchHealth(this, this.#with, {
      onWell: () => {
        if (readiness.kind === "health") this.handle({ type: "ready", seen: true });
      },
      onIll: (why) => this.#records.turnedIll(why),
      onRecovered: () => this.#records.recovered(),
    });
    this.#after(startupTimeoutMs, { type: "startup-timeout" });
  }

  #exited(status: number): void {
    // gunicorn and celery have exit statuses for an application that cannot be loaded, but do not always use them.
    const unloadable = this.plan.fatalStatuses.length > 0 && saysItCannotLoad(this.lastLines);
    this.handle({ type: "exited", status, atMs: this.#with.clock.monotonicMs(), unloadable });
  }

  #end(how: "stop" | "fast-stop" | "kill"): void {
    const { afterwards } = this.#state;
    const forGood = afterwards === "stop";
    if (how === "stop" && afterwards === "restart") this.#timers.push(this.#with.limitRestart(this));
    if (how !== "kill" && this.#serves === false && forGood) this.#after(UNREADY_STOP_MS, { type: "kill" });
    this.#process.end(how, forGood);
  }

  #after(delayMs: number, event: ServiceEvent): void {
    this.#timers.push(this.#with.clock.after(delayMs, () => this.handle(event)));
  }

  #clearTimers(): void {
    this.#readiness?.cancel();
    for (const cancel of this.#timers.splice(0)) cancel();
  }
}
