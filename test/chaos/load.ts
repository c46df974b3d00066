// A light load on the subject's web container, from inside its network: what is refused there nobody has accepted.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const CLIENT = join(import.meta.dirname, "fixtures/load-client.mjs");
const PER_SECOND = 25;
/** Above the client's own timeout for a request. */
const HALT_TIMEOUT_MS = 50_000;

export type RequestKind =
  | "static"
  | "plain"
  | "slow"
  | "database"
  | "page"
  | "say"
  | "queue"
  | "burst"
  | "allocate";

export interface RequestOutcome {
  /** Its number, which is in its path too. */
  n: string;
  kind: RequestKind;
  /** From before its connection was asked for; in ms since 1970. */
  startMs: number;
  endMs: number;
  /** A status; or `refused`; or `idle-closed`, which was asked once more; or `cut`, `timeout`, `another's answer`. */
  outcome: number | "refused" | "idle-closed" | "cut" | "timeout" | "another's answer";
  error?: string;
  /** On a connection that had been used before. */
  reused: boolean;
}

export class Load {
  /** Since the last `go`. */
  results: RequestOutcome[] = [];
  #client: ChildProcess | undefined;
  #prefix = "";
  #incarnation = 0;
  #halted = () => {};

  /** From now on requests are made in the network of this process. Call `detach` before the next. */
  attach(initPid: number): void {
    const client = spawn("nsenter", ["-t", String(initPid), "-n", process.execPath, CLIENT], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    client.stdin?.on("error", () => {});
    createInterface(client.stdout as NodeJS.ReadableStream).on("line", (line) => this.#take(line));
    this.#client = client;
    this.#incarnation += 1;
  }

  /** Begins the load; `prefix` begins the number of each request. */
  go(prefix: string): void {
    this.results = [];
    this.#prefix = prefix;
    this.proceed();
  }

  /** Goes on after an `attach`. */
  proceed(): void {
    this.#send({ do: "go", prefix: `${this.#prefix}-${this.#incarnation}`, perSecond: PER_SECOND });
  }

  /** One request more. */
  ask(n: string, kind: RequestKind, path: string): void {
    this.#send({ do: "ask", n, kind, path });
  }

  /** No more requests; resolves when those under way are over. Errors: they are not, after their own timeout. */
  async halt(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#halted = resolve;
    const timer = setTimeout(() => reject(new Error("cannot halt the load: no answer")), HALT_TIMEOUT_MS);
    this.#send({ do: "halt" });
    await promise.finally(() => clearTimeout(timer));
  }

  detach(): void {
    this.#client?.stdin?.end();
    this.#client = undefined;
  }

  #send(command: object): void {
    this.#client?.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  #take(line: string): void {
    const told = JSON.parse(line) as RequestOutcome | { halted: true };
    if ("halted" in told) this.#halted();
    else this.results.push(told);
  }
}
