// Says when it is time to look at a container's log again. To read all of it twenty times a second takes a third of a processor, which the
// container that is waited for would need.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { type LogRecord, parseRecords } from "./records.ts";

/** Where nobody follows the log: it has ended, with its container. */
const UNFOLLOWED_MS = 50;
/** Whatever becomes of the one who follows. */
const LONGEST_MS = 2_000;

export class LogWatch implements Disposable {
  readonly #follower: ChildProcess;
  #over: Promise<void> | undefined;

  constructor(containerId: string, matches: (record: LogRecord) => boolean) {
    this.#follower = spawn("docker", ["logs", "--follow", containerId], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#over = promise;
    this.#follower.once("error", () => resolve()).once("close", () => resolve());
    if (this.#follower.stdout === null) return;
    createInterface(this.#follower.stdout).on("line", (line) => {
      if (isMatch(line, matches)) resolve();
    });
  }

  /** Until there is a record that matches; for a short time where that has been or nobody follows. */
  async next(): Promise<void> {
    const over = this.#over;
    this.#over = undefined;
    if (over === undefined) return delay(UNFOLLOWED_MS);
    const limit = new AbortController();
    const isOver = await Promise.race([
      over.then(() => true),
      delay(LONGEST_MS, false, { signal: limit.signal }),
    ]);
    limit.abort();
    if (!isOver) this.#over = over;
  }

  [Symbol.dispose](): void {
    this.#follower.kill("SIGKILL");
  }
}

/** Whoever reads all of it says what is wrong with a line. */
function isMatch(line: string, matches: (record: LogRecord) => boolean): boolean {
  try {
    return parseRecords(line).some(matches);
  } catch {
    return true;
  }
}
