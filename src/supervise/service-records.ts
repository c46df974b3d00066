// What the log says about the life of one service.
import type { OwnLog } from "../logs/write/own-log.ts";
import type { StateName } from "./service-state.ts";

export class ServiceRecords {
  readonly #log: OwnLog;
  readonly #name: string;

  constructor(log: OwnLog, name: string) {
    this.#log = log;
    this.#name = name;
  }

  changed(from: StateName, to: StateName): void {
    this.#log.debug({ target: this.#name, from, to }, `${this.#name}: ${from} → ${to}`);
  }

  started(pid: number | undefined): void {
    this.#log.info({ target: this.#name, target_pid: pid }, `${this.#name} started`);
  }

  servesRest(): void {
    this.#log.info(
      { target: this.#name },
      `connections wait for ${this.#name}: this one serves them, and ends`,
    );
  }

  cannotStart(cause: string): void {
    this.#log.error({ target: this.#name, cause }, `cannot start ${this.#name}: ${cause}`);
  }

  backsOff(status: number | undefined, delayMs: number): void {
    this.#log.warn(
      { target: this.#name, exit_status: status, delay_ms: delayMs },
      `${this.#name} ended with status ${status}, starting it again in ${delayMs} ms`,
    );
  }

  turnedIll(why: string): void {
    this.#log.error({ target: this.#name, cause: why }, `${this.#name} is not well: ${why}`);
  }

  recovered(): void {
    this.#log.info({ target: this.#name }, `${this.#name} is well again`);
  }

  /** `why` is the reason, if the service has given one. */
  slowStart(startupTimeoutMs: number, lines: readonly string[], why: string | undefined): void {
    const reason = why ? `; ${why}` : "";
    this.#log.error(
      { target: this.#name, lines },
      `${this.#name} was not ready within ${startupTimeoutMs / 1000} s: killing it${reason}`,
    );
  }
}
