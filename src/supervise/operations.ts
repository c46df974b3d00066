// What an operator asks of one service while the container runs: stop, start, restart. Each resolves when it is done.
import type { Clock } from "../base/clock.ts";
import { logError, type OwnLog } from "../logs/write/own-log.ts";
import { planLastCalls } from "./process/last-call.ts";
import type { Service } from "./service.ts";
import type { StateName } from "./service-state.ts";

/** For a killed process to be gone: only one that hangs in the kernel needs longer. */
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
  /** Each looks whether what its operation waits for has come about. */
  readonly #looks = new Set<() => void>();

  constructor(options: OperationsOptions) {
    this.#with = options;
  }

  /** Stopped by an operator, and stays so until an operator starts it. */
  holds(service: Service): boolean {
    return this.#held.has(service);
  }

  /** The container is being stopped: nothing is waited for any more. */
  letGo(): void {
    for (const look of this.#looks) look();
  }

  async stop(service: Service): Promise<void> {
    this.#held.add(service);
    service.handle({ type: "stop" });
    await this.#end(service);
  }

  /** Resolves when it is ready, or has failed to come up. */
  async start(service: Service): Promise<void> {
    this.#held.delete(service);
    service.handle({ type: "start" });
    await this.#come(service);
  }

  /** Resolves when it is ready again, or has failed to come up. */
  async restart(service: Service): Promise<void> {
    service.handle({ type: "restart" });
    if (service.state.name === "stopping") {
      // The container does not end with it, should it have been the last that ran.
      this.#held.add(service);
      await this.#end(service);
    }
    this.#held.delete(service);
    // What ignored its signal was killed, and what is killed does not come back by itself.
    if (service.ended && !this.#with.draining()) service.handle({ type: "start" });
    await this.#come(service);
  }

  /** One that ignores its signal is killed when the grace period is over. */
  async #end(service: Service): Promise<void> {
    const isOver = (): boolean => service.state.name !== "stopping" && service.state.name !== "killing";
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

  /** False when it has not come about within `timeoutMs`. */
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
