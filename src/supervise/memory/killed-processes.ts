// Which processes are known to have died of a SIGKILL that PID 1 has not sent. The kernel does not report them; their
// parents log them.
import type { Fields } from "../../logs/record.ts";

/** What gunicorn logs about its workers, and celery about its pool. */
const SAYS_KILLED =
  /^Worker \(pid:(\d+)\) was sent SIGKILL!|^Process '.*' pid:(\d+) exited with 'signal 9 \(SIGKILL\)'/;
/** gunicorn is about to kill this worker itself. */
const SAYS_KILLS = /^WORKER TIMEOUT \(pid:(\d+)\)/;
/** A bound, since the list may not be taken for a long time. */
const MOST = 32;

export interface KilledProcess {
  pid: number;
  /** The service that the process belonged to. */
  service: string;
}

export class KilledProcesses {
  #known: KilledProcess[] = [];
  readonly #killedByParent = new Set<number>();

  note(pid: number, service: string): void {
    this.#known = [...this.#known, { pid, service }].slice(-MOST);
  }

  /** Reads a record that a service has just logged. */
  read(service: string, { level, msg }: Fields): void {
    if (level !== "error" && level !== "fatal") return;
    const [, own] = SAYS_KILLS.exec(msg) ?? [];
    if (own !== undefined && this.#killedByParent.size < MOST) this.#killedByParent.add(Number(own));
    const [, worker, child] = SAYS_KILLED.exec(msg) ?? [];
    const pid = Number(worker ?? child);
    if (pid > 0 && !this.#killedByParent.delete(pid)) this.note(pid, service);
  }

  /** The processes that have become known since the last call. */
  take(): KilledProcess[] {
    return this.#known.splice(0);
  }
}
