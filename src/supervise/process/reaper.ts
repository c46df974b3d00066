// PID 1 inherits every orphan. libuv waits for the children that Node spawned and for no other, so this waits for the rest.
import { constants } from "node:os";
import { exitStatusOfWait } from "../../base/exit-status.ts";
import { becomeSubreaper, peekDeadChild, reapChild } from "../../platform/libc.ts";
import { listProcesses } from "../../platform/proc.ts";

/** Of a wait status: the signal that ended the process. */
const SIGNAL_BITS = 0x7f;

export class Reaper {
  /** Spawned by Node: libuv must be the one to wait for them, or their exit is never reported. */
  readonly #own = new Set<number>();
  /** Started by the boot: children of this process, but none of Node's. */
  readonly #adopted = new Map<number, PromiseWithResolvers<number>>();
  /** Children that a SIGKILL has ended, until somebody has asked. */
  readonly #killed = new Set<number>();

  constructor(adopted: readonly number[] = []) {
    for (const pid of adopted) this.#adopted.set(pid, Promise.withResolvers<number>());
  }

  /** Begins to reap. Not being PID 1 (`docker run --init`), orphans are still made to come here. */
  start(): void {
    if (process.pid !== 1) becomeSubreaper();
    process.on("SIGCHLD", () => this.reap());
    // What died before the handler stood, for instance while the boot handed over.
    this.reap();
  }

  /** Call right after a spawn: its exit cannot be seen before the event loop turns. */
  leaveToNode(pid: number): void {
    this.#own.add(pid);
  }

  /** Node has reported the exit of `pid`. */
  forget(pid: number, signal: NodeJS.Signals | null): void {
    this.#own.delete(pid);
    if (signal === "SIGKILL") this.#killed.add(pid);
    this.reap();
  }

  /** Resolves with the exit status of a process that the boot has started. */
  endOf(pid: number): Promise<number> {
    const adopted = this.#adopted.get(pid);
    if (adopted === undefined) throw new Error(`cannot wait for process ${pid}: the boot has not started it`);
    return adopted.promise;
  }

  /** Whether SIGKILL has ended this child. To be asked once, when it has ended. */
  wasKilled(pid: number): boolean {
    return this.#killed.delete(pid);
  }

  /** Waits for every dead orphan there is now. */
  reap(): void {
    for (let pid = peekDeadChild(); pid !== 0; pid = peekDeadChild()) {
      // A dead child of Node's is always first in that call until libuv has fetched it: look behind it.
      if (this.#own.has(pid)) return this.#reapBehind();
      this.#reapOne(pid);
    }
  }

  #reapOne(pid: number): void {
    const status = reapChild(pid);
    if (status === undefined) return;
    // It may have died before anybody asks for its end, so it is not forgotten; of another with its number nothing is heard.
    const adopted = this.#adopted.get(pid);
    if (adopted !== undefined && (status & SIGNAL_BITS) === constants.signals.SIGKILL) this.#killed.add(pid);
    adopted?.resolve(exitStatusOfWait(status));
  }

  #reapBehind(): void {
    for (const { pid, parentPid, state } of listProcesses()) {
      if (state === "Z" && parentPid === process.pid && !this.#own.has(pid)) this.#reapOne(pid);
    }
  }
}
