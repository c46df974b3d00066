// PID 1 inherits every orphan. libuv waits only for the children that Node has spawned; the reaper waits for the others.
import { constants } from "node:os";
import { exitStatusOfWait } from "../../base/exit-status.ts";
import type { StartedProcess } from "../../plan/plan.ts";
import { becomeSubreaper, peekDeadChild, reapChild } from "../../platform/libc.ts";
import { listProcesses } from "../../platform/proc.ts";

/** The bits of a wait status that hold the signal which ended the process. */
const SIGNAL_BITS = 0x7f;

export class Reaper {
  /** Spawned by Node. libuv must be the one to wait for them, or their exit is never reported. */
  readonly #own = new Set<number>();
  /** Started by the boot: children of this process that Node does not know. */
  readonly #adopted = new Map<number, PromiseWithResolvers<number>>();
  /** Children that a SIGKILL has ended, until `wasKilled` is asked about them. */
  readonly #killed = new Set<number>();

  constructor(adopted: readonly Pick<StartedProcess, "pid" | "endStatus">[] = []) {
    for (const { pid, endStatus } of adopted) {
      const end = Promise.withResolvers<number>();
      if (endStatus !== undefined) end.resolve(endStatus);
      this.#adopted.set(pid, end);
    }
  }

  /** Begins to reap. If this process is not PID 1 (`docker run --init`), it still becomes the parent of orphans. */
  start(): void {
    if (process.pid !== 1) becomeSubreaper();
    process.on("SIGCHLD", () => this.reap());
    // Children may have died before the handler was there, for instance while the boot handed over.
    this.reap();
  }

  /** Call this right after a spawn: the exit cannot be seen before the next turn of the event loop. */
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

  /** Whether SIGKILL has ended this child. Call it once, after the child has ended. */
  wasKilled(pid: number): boolean {
    return this.#killed.delete(pid);
  }

  /** Waits for every orphan that is dead now. */
  reap(): void {
    for (let pid = peekDeadChild(); pid !== 0; pid = peekDeadChild()) {
      // Until libuv has reaped a dead child of Node's, the call returns that child first. So look behind it.
      if (this.#own.has(pid)) return this.#reapBehind();
      this.#reapOne(pid);
    }
  }

  #reapOne(pid: number): void {
    const status = reapChild(pid);
    if (status === undefined) return;
    // It may die before anybody asks for its end, so its status is kept. A later process with the same PID is ignored.
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
