// Starts the services in order, keeps them running, stops them in order, and decides the container's exit status.
import type { Clock } from "../base/clock.ts";
import { asDjinitError, type DjinitError } from "../base/errors.ts";
import { EXIT_STATUS } from "../base/exit-status.ts";
import type { RelayObserver } from "../logs/observer.ts";
import { logError, type OwnLog } from "../logs/write/own-log.ts";
import type { Sink } from "../logs/write/sink.ts";
import type { Plan } from "../plan/plan.ts";
import type { KilledProcesses } from "./memory/killed-processes.ts";
import { Operations } from "./operations.ts";
import type { Reaper } from "./process/reaper.ts";
import { limitRestart } from "./process/restart-limit.ts";
import { reloadService } from "./reload/reload.ts";
import { ReloadQueue } from "./reload/reload-queue.ts";
import { Service, type ServiceDependencies } from "./service.ts";
import { failedStatus, failureOf, logEnd } from "./service-failure.ts";
import type { Effect } from "./service-state.ts";
import { Shutdown } from "./shutdown.ts";
import type { Lost } from "./sockets/socket-watch.ts";
import { watchAlone, watchCarried } from "./sockets/watch-carried.ts";

export interface SupervisorDependencies {
  clock: Clock;
  sink: Sink;
  log: OwnLog;
  reaper: Reaper;
  environment: NodeJS.ProcessEnv;
  observer?: RelayObserver;
  killed: KilledProcesses;
  /** How old this process was when it began to supervise: the boot ran in it before. */
  ageMs?: number;
  /** The environment, read from the files anew. Errors: DJINIT_RELOAD_REFUSED. */
  readEnvironment: () => Promise<NodeJS.ProcessEnv>;
  /** A reload of all has come to this service; why it was refused. */
  reloaded?: (service: Service, refused: DjinitError | undefined) => void;
  /** A reload of all is over; whether each service that reads the environment has taken it. */
  settled?: (isTaken: boolean) => void;
  /** What is wrong with a service's socket, if it is watched. */
  lostSocket?: (service: Service) => Lost | undefined;
}

export class Supervisor {
  readonly plan: Plan;
  readonly services: readonly Service[];
  /** Resolves with the container's exit status when every service has ended. */
  readonly finished: Promise<number>;
  /** The operators' commands. */
  readonly operations: Operations;
  readonly lostSocket: (service: Service) => Lost | undefined;
  readonly #shutdown: Shutdown;
  readonly #log: OwnLog;
  readonly #startedMs: number;
  readonly #clock: Clock;
  readonly #with: ServiceDependencies;
  readonly #on: Pick<SupervisorDependencies, "readEnvironment" | "reloaded" | "settled">;
  #announced = false;
  #hasNotStarted = true;
  #reloadsWhenReady = false;
  readonly #reloads = new ReloadQueue(() => this.#reloadAll());
  #finish: (status: number) => void = () => {};

  constructor(plan: Plan, dependencies: SupervisorDependencies) {
    const { clock, log, ageMs = 0 } = dependencies;
    this.plan = plan;
    this.#log = log;
    this.#clock = clock;
    this.lostSocket = dependencies.lostSocket ?? (() => undefined);
    this.#on = dependencies;
    this.#startedMs = clock.monotonicMs() - ageMs;
    const { startupTimeoutMs, gracePeriodMs, maxRestarts } = plan;
    const onChange = (service: Service, ended?: Ended) => this.#onChange(service, ended);
    const limit = (service: Service) => limitRestart(service, { clock, log, gracePeriodMs });
    this.#with = { ...dependencies, startupTimeoutMs, maxRestarts, onChange, limitRestart: limit };
    this.services = plan.services.map((service) => new Service(service, this.#with));
    this.#shutdown = new Shutdown(this.services, plan, clock, log, () => this.operations.letGo());
    const draining = () => this.draining;
    this.operations = new Operations({ clock, log, gracePeriodMs, startupTimeoutMs, draining });
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  get ready(): boolean {
    return !this.#shutdown.begun && this.services.every((service) => service.ready || !this.counts(service));
  }

  /**
   * Whether the container is ready only if this service is. A service that an operator has stopped does not count if the others
   * serve without it: a celery worker beside web does not count; nginx and gunicorn do.
   */
  counts(service: Service): boolean {
    if (!this.operations.holds(service)) return true;
    const needed = this.services.some((other) => other.plan.after.includes(service.name));
    return needed || service.plan.facesClients || this.services.every((it) => this.operations.holds(it));
  }

  get draining(): boolean {
    return this.#shutdown.begun;
  }

  start(): void {
    this.#hasNotStarted = false;
    this.#startWhatCan();
  }

  /** Stops every service in order and ends the container with `status`. The first status counts. */
  stop(reason: string, status: number = EXIT_STATUS.ok): void {
    this.#shutdown.begin(reason, status);
    this.#settle();
  }

  /** Stops at once, without draining. */
  fastStop(reason: string): void {
    this.#shutdown.begin(reason, EXIT_STATUS.ok);
    this.#shutdown.hurry();
    this.#settle();
  }

  /** Gives every service new code and files, without a pause if the service can do that. */
  reload(): void {
    if (this.#shutdown.begun) {
      this.#log.warn({}, "reload refused: the container is being stopped");
      return;
    }
    if (this.#hasNotStarted && this.plan.role !== "command") {
      // Nothing has been loaded yet. A check beside the start would only slow it down.
      this.#reloadsWhenReady = true;
      return this.#log.info({}, "reload asked for, follows the start");
    }
    switch (this.#reloads.ask()) {
      case "begins":
        return this.#log.info({}, "reload asked for, checking");
      case "waits":
        return this.#log.info({}, "reload asked for, follows the one that runs");
      case "joins":
        return this.#log.debug({}, "reload asked for, one waits already");
    }
  }

  async #reloadAll(): Promise<void> {
    const wanted = (): boolean => !this.#shutdown.begun;
    let isTaken = true;
    try {
      const environment = await this.#on.readEnvironment();
      // Servers in front first: connections that their new processes carry need not end with the application's old processes.
      for (const service of this.services.toSorted((a, b) => b.plan.after.length - a.plan.after.length)) {
        if (!wanted()) continue;
        const refused = await reloadService(service, environment, this.#with, wanted);
        if (refused !== undefined) logError(this.#log, refused);
        this.#on.reloaded?.(service, refused);
        if (refused !== undefined && service.plan.readsEnvironment) isTaken = false;
      }
    } catch (thrown) {
      logError(this.#log, thrown);
      isTaken = false;
    }
    this.#on.settled?.(isTaken);
  }

  /** Gives one service its files as they are now. Returns why it was refused, or has failed. */
  async renew(service: Service): Promise<DjinitError | undefined> {
    const wanted = (): boolean => !this.#shutdown.begun;
    if (!wanted()) return undefined;
    try {
      return await reloadService(service, service.environment, this.#with, wanted);
    } catch (thrown) {
      return asDjinitError(thrown);
    }
  }

  /** Passes a signal on to the services that have a use for it. */
  forward(signal: NodeJS.Signals): void {
    const targets = this.services.filter(({ plan }) => plan.forwards.includes(signal));
    if (targets.length === 0)
      this.#log.warn({ signal }, `${signal} means nothing to any service here: not forwarded`);
    for (const service of targets) {
      if (service.takes(signal)) service.signal(signal);
      else {
        const { name, state } = service;
        this.#log.warn(
          { signal, target: name, state: state.name },
          `${signal} not forwarded: ${name} is not ready for it`,
        );
      }
    }
  }

  #onChange(service: Service, ended: Ended | undefined): void {
    if (service.state.name === "running" && service.plan.restart !== "no") {
      this.#log.info({ target: service.name }, `${service.name} is ready`);
    }
    if (service.state.name === "stopped" && service.state.exitStatus !== undefined) {
      const { name, state } = service;
      this.#log.info({ target: name, target_status: state.exitStatus }, `${name} stopped`);
    }
    if (service.state.name === "stopping" && service.plan.facesClients) this.#watchCarried(service);
    if (ended !== undefined) this.#onEnded(service, ended);
    if (this.#shutdown.begun) this.#settle();
    else this.#startWhatCan();
  }

  #watchCarried(front: Service): void {
    const tell = (back: Service): boolean => this.#shutdown.tell(back);
    for (const back of this.services.filter(({ name }) => front.plan.after.includes(name)))
      watchCarried(front, back, { clock: this.#clock, log: this.#log, tell });
    watchAlone(front, { clock: this.#clock, log: this.#log });
  }

  #onEnded(service: Service, { failed, fatal }: Ended): void {
    const status = service.state.exitStatus ?? EXIT_STATUS.internalError;
    if (!failed) {
      // A command that runs once is done, or no service is left running.
      const over = this.services.every((it) => it.ended && !this.operations.holds(it));
      const done = service.plan.restart === "no" || over;
      if (!done || this.#shutdown.begun) return;
      logEnd(this.#log, service, status);
      this.#shutdown.begin(`${service.name} ended`, status);
      return;
    }
    if (this.#shutdown.begun) return;
    const error = failureOf(service, { fatal, status, maxRestarts: this.plan.maxRestarts });
    logError(this.#log, error);
    this.#shutdown.begin(`${service.name} failed`, fatal ? error.endStatus : failedStatus(status));
  }

  #startWhatCan(): void {
    for (const service of this.services) {
      const { name } = service.state;
      const mayStart = service.plan.after.every(
        (other) => this.services.find((it) => it.name === other)?.ready ?? true,
      );
      if (name === "pending" && mayStart) service.handle({ type: "start" });
    }
    if (this.#announced || !this.ready || this.plan.role === "command") return;
    this.#announced = true;
    const afterMs = Math.round(this.#clock.monotonicMs() - this.#startedMs);
    this.#log.info(
      { role: this.plan.role, after_ms: afterMs },
      `ready: every service of role ${this.plan.role} has come up`,
    );
    if (this.#reloadsWhenReady) this.reload();
  }

  #settle(): void {
    this.#shutdown.proceed();
    if (this.#shutdown.done) this.#finish(this.#shutdown.exitStatus);
  }
}

type Ended = Extract<Effect, { type: "ended" }>;
