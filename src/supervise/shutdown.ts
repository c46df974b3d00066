// Ends all services under ONE deadline. Services that others depend on end last. What is left at the deadline is killed.
import type { Clock } from "../base/clock.ts";
import { DjinitError } from "../base/errors.ts";
import { EXIT_STATUS } from "../base/exit-status.ts";
import { logError, type OwnLog } from "../logs/write/own-log.ts";
import type { Plan } from "../plan/plan.ts";
import { runningTasks } from "./process/celery-report.ts";
import { planLastCalls } from "./process/last-call.ts";
import type { Service } from "./service.ts";

/**
 * After SIGQUIT nobody waits for requests or tasks: this is the time for processes to exit, not to finish their work. An idle
 * celery worker that polls its broker takes 4 to 5 s to exit; Docker kills after 10.
 */
const FAST_STOP_MS = 8_000;

/** After SIGQUIT, the application has this long to close the connections that it holds open. */
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
    // Only a requested stop drains: load balancers have to notice it first. A container that has failed serves nobody.
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

  /** From now on, nothing is drained. */
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

  /** Asks a service to stop although others depend on it. False if the container is not being stopped. */
  tell(service: Service): boolean {
    if (!this.begun) return false;
    this.#ask(service);
    return true;
  }

  /** Asks each service to stop once its dependents have ended. Call it after each change. */
  proceed(): void {
    if (this.done) {
      this.#cancelLastCalls();
      return this.#cancelDeadline();
    }
    if (this.#fast) return this.#hurryThoseInFront();
    for (const service of this.#services) {
      const needed = this.#services.some((other) => other.plan.after.includes(service.name) && !other.ended);
      if (needed || this.#asked.has(service)) continue;
      // A service that has not been started yet has no clients.
      if (service.plan.facesClients && !this.#drains && service.state.name !== "pending") continue;
      this.#ask(service);
    }
  }

  #ask(service: Service): void {
    if (this.#asked.has(service)) return;
    // Before the event, since handling it may call this function again.
    this.#asked.add(service);
    service.handle({ type: "stop" });
  }

  /** Whether the service stands between clients and a service that runs. */
  #carries({ plan, pid }: Service): boolean {
    return plan.facesClients && pid !== undefined && this.#runs(plan.after);
  }

  #runs(names: readonly string[]): boolean {
    return this.#services.some(({ name, pid }) => pid !== undefined && names.includes(name));
  }

  /** No other service is left that could answer their clients. */
  #hurryThoseInFront(): void {
    for (const service of this.#services) {
      const { facesClients, after } = service.plan;
      if (!facesClients || this.#hurried.has(service) || this.#runs(after)) continue;
      this.#hurried.add(service);
      service.handle({ type: "fast-stop" });
    }
  }

  /** A second signal can bring the deadline forward, but never put it off. */
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
      { fields: { targets: names, ...runningTasks(left) } },
    );
    this.#reportExceeded(error);
    for (const service of left) service.handle({ type: "kill" });
  }

  #reportExceeded(error: DjinitError): void {
    logError(this.#log, error);
    this.#exitStatus = error.endStatus;
  }
}
