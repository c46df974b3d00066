import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** The second life of djinit as a process of its own, run from its source. */
export class SuperviseProcess {
  readonly child: ChildProcessByStdio<null, Readable, null>;
  readonly #chunks: Buffer[] = [];

  /** `planFile` holds the plan. With `reads: false` nobody reads stdout. `env` is added to this process's own. */
  constructor(
    planFile: string,
    { reads = true, env = {} }: { reads?: boolean; env?: Record<string, string> } = {},
  ) {
    const flags = ["--disable-warning=ExperimentalWarning", "--disable-sigusr1"];
    this.child = spawn(process.execPath, [...flags, MAIN, "supervise", planFile], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...env },
    });
    if (reads) this.child.stdout.on("data", (chunk: Buffer) => this.#chunks.push(chunk));
  }

  lines(): string[] {
    return Buffer.concat(this.#chunks).toString("utf8").split("\n").slice(0, -1);
  }

  /** What the services said, each line with the name of the one that said it. Errors: throws when a line is no JSON. */
  said(): string[] {
    const records = this.lines().map((line) => JSON.parse(line) as Record<string, unknown>);
    return records
      .filter(({ service }) => service !== "djinit")
      .map(({ service, msg }) => `${service}: ${msg}`);
  }

  async says(line: string): Promise<void> {
    await eventually(() => this.said().includes(line), { what: line, timeoutMs: 20_000 });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Its exit status, or the signal that ended it. */
  async ended(): Promise<number | string> {
    const { exitCode, signalCode } = this.child;
    if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode ?? "";
    const [code, signal] = (await once(this.child, "exit")) as [number | null, string | null];
    return code ?? signal ?? "";
  }
}
