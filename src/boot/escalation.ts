// How the boot ends a process: TERM, and KILL for what has not ended by then.
import type { Clock } from "../base/clock.ts";

type Send = (pid: number, signal: NodeJS.Signals) => void;

export class Escalation {
  readonly #clock: Clock;
  readonly #send: Send;
  /** Undefined when there is nothing to be ended: it has ended, or was never started. */
  #pid: number | undefined;
  #hasKilled = false;

  constructor(clock: Clock, pid: number | undefined, send: Send) {
    this.#clock = clock;
    this.#pid = pid;
    this.#send = send;
  }

  /** Whether KILL was sent. */
  get hasKilled(): boolean {
    return this.#hasKilled;
  }

  begin(killAfterMs: number): void {
    if (this.#pid === undefined) return;
    this.#send(this.#pid, "SIGTERM");
    this.#clock.after(killAfterMs, () => {
      if (this.#pid === undefined) return;
      this.#hasKilled = true;
      this.#send(this.#pid, "SIGKILL");
    });
  }

  /** The process has ended: its PID may be another one's by now. */
  finish(): void {
    this.#pid = undefined;
  }
}
