// WebSockets of one client in the network of the subject's web container.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { eventually } from "../support/eventually.ts";
import type { SocketOutcome } from "./observation.ts";

const CLIENT = join(import.meta.dirname, "fixtures/socket-client.mjs");
/** In turn the application says goodbye to them, and does not. */
const COUNT = 4;
const OPEN_TIMEOUT_MS = 20_000;
/** From what ended them to the client's knowing it. */
const CLOSE_TIMEOUT_MS = 10_000;

interface Told {
  n: string;
  event: "open" | "echo" | "strange" | "closed";
  atMs: number;
  code?: number;
}

type Seen = Omit<SocketOutcome, "endedBy">;

export class Sockets {
  readonly #client: ChildProcess;
  readonly #seen = new Map<string, Seen>();

  /** `prefix` begins the number of each. They are open, and have echoed, when it resolves. Errors: one is not. */
  static async open(initPid: number, prefix: string): Promise<Sockets> {
    const sockets = new Sockets(initPid);
    try {
      await sockets.#openAll(prefix);
      return sockets;
    } catch (error) {
      sockets.#detach();
      throw error;
    }
  }

  private constructor(initPid: number) {
    this.#client = spawn("nsenter", ["-t", String(initPid), "-n", process.execPath, CLIENT], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#client.stdin?.on("error", () => {});
    const lines = createInterface(this.#client.stdout as NodeJS.ReadableStream);
    lines.on("line", (line) => this.#take(JSON.parse(line) as Told));
  }

  /** The client closes them: they have worked until now. */
  async close(): Promise<SocketOutcome[]> {
    this.#send({ do: "close" });
    return this.ended("client");
  }

  /** What came of them, when all have ended or none does any more. */
  async ended(endedBy: SocketOutcome["endedBy"]): Promise<SocketOutcome[]> {
    const areClosed = () => [...this.#seen.values()].every(({ closedMs }) => closedMs !== undefined);
    // What has not ended by then is for the invariant to tell.
    await eventually(areClosed, { what: "all are closed", timeoutMs: CLOSE_TIMEOUT_MS }).catch(() => {});
    this.#detach();
    return [...this.#seen.values()].map((it) => ({ ...it, endedBy }));
  }

  async #openAll(prefix: string): Promise<void> {
    for (let at = 0; at < COUNT; at += 1) {
      const n = `${prefix}-${at}`;
      const polite = at % 2 === 0;
      this.#seen.set(n, { n, polite, echoes: 0, closedMs: undefined, code: undefined });
      this.#send({ do: "open", n, path: `/chaos/socket/?polite=${polite ? 1 : 0}&n=${n}` });
    }
    const echoes = () => [...this.#seen.values()].every((it) => it.echoes > 0);
    await eventually(echoes, {
      what: "all WebSockets echo",
      timeoutMs: OPEN_TIMEOUT_MS,
      attach: async () => JSON.stringify([...this.#seen.values()]),
    });
  }

  #send(command: object): void {
    this.#client.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  #take({ n, event, atMs, code }: Told): void {
    const socket = this.#seen.get(n);
    if (socket === undefined) return;
    if (event === "echo") socket.echoes += 1;
    if (event !== "closed") return;
    socket.closedMs = atMs;
    socket.code = code;
  }

  #detach(): void {
    this.#client.stdin?.end();
  }
}
