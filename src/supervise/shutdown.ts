// Ending all services under ONE deadline: what others depend on goes last, what is left at the deadline is killed.
import type { Clock } from "../base/clock.ts";
import { DjinitError } from "../base/errors.ts";
import { EXIT_STATUS } from "../base/exit-status.ts";
import { logError, type OwnLog } from "../logs/write/own-log.ts";
import type { Plan } from "../plan/plan.ts";
import { planLastCalls } from "./process/last-call.ts";
import type { Service } from "./service.ts";

/**
 * After SIGQUIT nobody waits for requests or tasks: this is for processes to fall over, not to finish. An idle celery
 * worker with a broker that it polls takes 4 to 5 s for that; Docker kills after 10.
 */
const FAST_STOP_MS = 8_000;

/** After SIGQUIT, for the application to say goodbye to those whose connections it holds open. */
const FAREWELL_MS = 1_500;

export type ShutdownDelays = Pick<Plan, "gracePeriodMs" | "drainDelayMs">;

export class Shutdown {
  readonly #services: readonly Service[];
  readonly #gracePeriodMs: number;
  readonly #drainDelayMs: number;
  #drains = true;
  readonly #clock: Clock;
  readonly #log: OwnLog;
  #exitStatus: number | undefined;
  #fast = false;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #cancelDeadline = () => {};
  #cancelLastCalls = () => {};
  readonly #asked = new Set<Service>();
  readonly #hurried = new Set<Service>();

  readonly #onBegin: () => void;

  constructor(
    services: readonly Service[],
    delays: ShutdownDelays,
    clock: Clock,
    log: OwnLog,
    onBegin: () => void,
  ) {
    this.#onBegin = onBegin;
    this.#services = services;
    this.#gracePeriodMs = delays.gracePeriodMs;
    this.#drainDelayMs = delays.drainDelayMs;
    this.#clock = clock;
    this.#log = log;
  }

  get begun(): boolean {
    return this.#exitStatus !== undefined;
  }

  get done(): boolean {
    return this.begun && this.#services.every(({ ended }) => ended);
  }

  get exitStatus(): number {
    return this.#exitStatus ?? 0;
  }

  /** A second call changes nothing: neither the deadline nor the status. */
  begin(reason: string, exitStatus: number): void {
    if (this.begun) return;
    this.#exitStatus = exitStatus;
    this.#onBegin();
    if (this.done) return;
    this.#log.info({ reason, grace_period_ms: this.#gracePeriodMs }, `stopping: ${reason}`);
    this.#setDeadline(this.#gracePeriodMs);
    const onCall = (error: DjinitError): void => this.#reportExceeded(error);
    this.#cancelLastCalls = planLastCalls(this.#services, this.#gracePeriodMs, this.#clock, onCall);
    // Only a stop that was asked for has clients that have to be told first; what failed serves nobody.
    if (exitStatus !== EXIT_STATUS.ok || this.#drainDelayMs === 0) return;
    this.#drains = false;
    this.#log.info(
      { drain_delay_ms: this.#drainDelayMs },
      `serving for another ${this.#drainDelayMs / 1000} s`,
    );
    this.#clock.after(this.#drainDelayMs, () => {
      this.#drains = true;
      this.proceed();
    });
  }

  /** From now on nothing is drained. */
  hurry(): void {
    if (this.#fast) return;
    this.#fast = true;
    this.#setDeadline(FAST_STOP_MS);
    this.#cancelLastCalls();
    for (const service of this.#services) {
      if (this.#carries(service)) {
        service.handle({ type: "stop" });
        this.#clock.after(FAREWELL_MS, () => service.handle({ type: "fast-stop" }));
      } else service.handle({ type: "fast-stop" });
    }
  }

  /** Asks one to stop although others depend on it. False where the container is not being stopped. */
  tell(service: Service): boolean {
    if (!this.begun) return false;
    this.#ask(service);
    return true;
  }

  /** Asks every service to stop whose dependents have ended. Call it after each change. */
  proceed(): void {
    if (this.done) {
      this.#cancelLastCalls();
      return this.#cancelDeadline();
    }
    if (this.#fast) return this.#hurryThoseInFront();
    for (const service of this.#services) {
      const needed = this.#services.some((other) => other.plan.after.includes(service.name) && !other.ended);
      if (needed || this.#asked.has(service)) continue;
      // One that has not been started yet has no clients.
      if (service.plan.facesClients && !this.#drains && service.state.name !== "pending") continue;
      this.#ask(service);
    }
  }

  #ask(service: Service): void {
    if (this.#asked.has(service)) return;
    // Before the event, since it may lead back here.
    this.#asked.add(service);
    service.handle({ type: "stop" });
  }

  /** Whether it stands between clients and one that runs. */
  #carries({ plan, pid }: Service): boolean {
    return plan.facesClients && pid !== undefined && this.#runs(plan.after);
  }

  #runs(names: readonly string[]): boolean {
    return this.#services.some(({ name, pid }) => pid !== undefined && names.includes(name));
  }

  /** There is nobody left to say anything to their clients. */
  #hurryThoseInFront(): void {
    for (const service of this.#services) {
      const { facesClients, after } = service.plan;
      if (!facesClients || this.#hurried.has(service) || this.#runs(after)) continue;
      this.#hurried.add(service);
      service.handle({ type: "fast-stop" });
    }
  }

  /** The deadline may come nearer, but no second signal puts it off. */
  #setDeadline(afterMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs + afterMs >= this.#deadlineMs) return;
    this.#deadlineMs = nowMs + afterMs;
    this.#cancelDeadline();
    this.#cancelDeadline = this.#clock.after(afterMs, () => this.#killRest(afterMs));
  }

  #killRest(deadlineMs: number): void {
    const left = this.#services.filter(({ ended }) => !ended);
    if (left.length === 0) return;
    const names = left.map(({ name }) => name);
    const error = new DjinitError(
      "DJINIT_GRACE_PERIOD_EXCEEDED",
      `cannot stop ${names.join(", ")} within ${deadlineMs / 1000} s: killing`,
      { fields: { targets: names } },
    );
    this.#reportExceeded(error);
    for (const service of left) service.handle({ type: "kill" });
  }

  #reportExceeded(error: DjinitError): void {
    logError(this.#log, error);
    this.#exitStatus = error.endStatus;
  }
}
