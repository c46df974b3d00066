import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { forApplication } from "../../src/plan/environment.ts";
import { eventually } from "./eventually.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** Where the first life would leave it. */
const HANDED_FD = 3;

/** A descriptor of what the first life leaves; undefined where there is no plan. */
function handOver(planFile: string, environment: NodeJS.ProcessEnv): number | undefined {
  let plan: unknown;
  try {
    plan = JSON.parse(readFileSync(planFile, "utf8"));
  } catch {
    return undefined;
  }
  const path = `${planFile}.handed`;
  writeFileSync(path, JSON.stringify({ plan, environment }));
  return openSync(path, "r");
}

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
    // What the first life leaves has none of djinit's own variables. A run of the container tests sets one.
    const handed = handOver(planFile, forApplication({ ...process.env, ...env }, []));
    this.child = spawn(process.execPath, [...flags, MAIN, "supervise", String(HANDED_FD)], {
      stdio: ["ignore", "pipe", "inherit", ...(handed === undefined ? [] : [handed])],
      env: { ...process.env, ...env },
    }) as ChildProcessByStdio<null, Readable, null>;
    if (handed !== undefined) closeSync(handed);
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
