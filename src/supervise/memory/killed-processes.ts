// Which processes are known to have died by a SIGKILL that PID 1 has not sent. What the kernel does not tell, their parents do.
import type { Fields } from "../../logs/record.ts";

/** gunicorn of its workers, and celery of its pool. */
const SAYS_KILLED =
  /^Worker \(pid:(\d+)\) was sent SIGKILL!|^Process '.*' pid:(\d+) exited with 'signal 9 \(SIGKILL\)'/;
/** gunicorn kills such a one itself. */
const SAYS_KILLS = /^WORKER TIMEOUT \(pid:(\d+)\)/;
/** Nobody may have asked for a long time. */
const MOST = 32;

export interface KilledProcess {
  pid: number;
  /** The service that it belonged to. */
  service: string;
}

export class KilledProcesses {
  #known: KilledProcess[] = [];
  readonly #killedByParent = new Set<number>();

  note(pid: number, service: string): void {
    this.#known = [...this.#known, { pid, service }].slice(-MOST);
  }

  /** What a service has just said. */
  read(service: string, { level, msg }: Fields): void {
    if (level !== "error" && level !== "fatal") return;
    const [, own] = SAYS_KILLS.exec(msg) ?? [];
    if (own !== undefined && this.#killedByParent.size < MOST) this.#killedByParent.add(Number(own));
    const [, worker, child] = SAYS_KILLED.exec(msg) ?? [];
    const pid = Number(worker ?? child);
    if (pid > 0 && !this.#killedByParent.delete(pid)) this.note(pid, service);
  }

  /** Those that have become known since it was asked last. */
  take(): KilledProcess[] {
    return this.#known.splice(0);
  }
}
