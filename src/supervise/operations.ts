// The operator's commands for one service of a running container: stop, start, restart. Each resolves when it is done.
import type { Clock } from "../base/clock.ts";
import { logError, type OwnLog } from "../logs/write/own-log.ts";
import { planLastCalls } from "./process/last-call.ts";
import type { Service } from "./service.ts";
import type { StateName } from "./service-state.ts";

/** Time for a killed process to be gone. Only a process that hangs in the kernel takes longer. */
const KILL_TIMEOUT_MS = 5_000;

const HAS_COME_UP_OR_NOT: readonly StateName[] = ["running", "backoff", "stopped", "exited"];

export interface OperationsOptions {
  clock: Clock;
  log: OwnLog;
  /** From the stop signal to SIGKILL. */
  gracePeriodMs: number;
  startupTimeoutMs: number;
  /** The container is being stopped: nothing may be started any more. */
  draining: () => boolean;
}

export class Operations {
  readonly #with: OperationsOptions;
  readonly #held = new Set<Service>();
  /** How often each service has been stopped. */
  readonly #stops = new Map<Service, number>();
  /** One callback for each operation under way. It checks whether the operation is done. */
  readonly #looks = new Set<() => void>();

  constructor(options: OperationsOptions) {
    this.#with = options;
  }

  /** Whether an operator has stopped the service. It stays stopped until an operator starts it. */
  holds(service: Service): boolean {
    return this.#held.has(service);
  }

  /** The container is being stopped: operations no longer wait. */
  letGo(): void {
    for (const look of this.#looks) look();
  }

  async stop(service: Service): Promise<void> {
    this.#held.add(service);
    this.#stops.set(service, this.#stopsOf(service) + 1);
    service.handle({ type: "stop" });
    await this.#end(service);
  }

  /** Resolves when the service is ready, or has failed to come up. */
  async start(service: Service): Promise<void> {
    this.#held.delete(service);
    service.handle({ type: "start" });
    await this.#come(service);
  }

  /** Resolves when the service is ready again, or has failed to come up. */
  async restart(service: Service): Promise<void> {
    const stops = this.#stopsOf(service);
    service.handle({ type: "restart" });
    if (!hasEnded(service)) {
      // Even if this is the last service that runs, the container does not end.
      this.#held.add(service);
      // It has a deadline itself.
      await this.#until(service, () => hasEnded(service), this.#with.gracePeriodMs + KILL_TIMEOUT_MS);
    }
    // The later word counts: it stays stopped.
    if (this.#stopsOf(service) !== stops) return;
    this.#held.delete(service);
    // It was being stopped already.
    if (service.ended && !this.#with.draining()) service.handle({ type: "start" });
    await this.#come(service);
  }

  #stopsOf(service: Service): number {
    return this.#stops.get(service) ?? 0;
  }

  /** Waits for the end. A service that ignores its signal is killed after the grace period. */
  async #end(service: Service): Promise<void> {
    const isOver = (): boolean => hasEnded(service);
    const { gracePeriodMs, clock, log } = this.#with;
    const cancelLastCall = planLastCalls([service], gracePeriodMs, clock, (error) => logError(log, error));
    const isIt = await this.#until(service, isOver, gracePeriodMs);
    cancelLastCall();
    if (isIt) return;
    service.handle({ type: "kill" });
    await this.#until(service, isOver, KILL_TIMEOUT_MS);
  }

  async #come(service: Service): Promise<void> {
    const isOver = (): boolean => HAS_COME_UP_OR_NOT.includes(service.state.name);
    await this.#until(service, isOver, this.#with.startupTimeoutMs);
  }

  /** False if `isOver` has not become true within `timeoutMs`. */
  async #until(service: Service, isOver: () => boolean, timeoutMs: number): Promise<boolean> {
    const { clock, draining } = this.#with;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = (): void => {
      if (isOver() || draining()) resolve(true);
    };
    const unwatch = service.watch(look);
    this.#looks.add(look);
    const cancel = clock.after(timeoutMs, () => resolve(false));
    look();
    const isIt = await promise;
    cancel();
    unwatch();
    this.#looks.delete(look);
    return isIt;
  }
}

/** Whether it has no old process any more. */
function hasEnded({ state }: Service): boolean {
  return state.name !== "stopping" && state.name !== "killing";
}
