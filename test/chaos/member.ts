// One container under test: its life, its log, its processes.
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Status } from "../../src/control/protocol.ts";
import { run } from "../../tools/engine/command.ts";
import type { Container } from "../support/container.ts";
import { createContainer } from "../support/docker.ts";
import { runContext } from "../support/run-context.ts";
import { askStatus } from "./ask-status.ts";
import { type Addresses, COMMANDS, environmentOf, MEMORY_LIMIT_MB, RUN_SIZE_MB } from "./configuration.ts";
import { startContainer, waitForExit } from "./engine-api.ts";
import { isAlive, namespaceOf, processesIn } from "./host-processes.ts";
import { LogReader } from "./log-reader.ts";
import type { Exit, MemberLog, MemberProcesses } from "./observation.ts";
import { kindOf } from "./process-kinds.ts";
import type { MemberName } from "./round.ts";

const APP = join(import.meta.dirname, "fixtures/app");
/** PID 1 becomes djinit; the pipe is its stdout as a pipe of the engine's would be. */
const START = 'exec djinit "$@" >"$CHAOS_STDOUT" 2>>"$CHAOS_STDERR"';

export class Member {
  readonly name: MemberName;
  readonly container: Container;
  readonly reader: LogReader;
  /** Of PID 1, on this machine. */
  initPid = 0;
  readonly #stderrFile: string;

  constructor(name: MemberName, container: Container, directory: string) {
    this.name = name;
    this.container = container;
    this.reader = new LogReader(join(directory, `${name}.stdout`));
    this.#stderrFile = join(directory, `${name}.stderr`);
  }

  async start(): Promise<void> {
    this.initPid = await startContainer(this.container.id);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.initPid, signal);
  }

  /** Sends a signal and waits for the end of the container. */
  async endBy(signal: NodeJS.Signals, timeoutMs: number): Promise<Exit> {
    const startedMs = performance.now();
    const ended = waitForExit(this.container.id, timeoutMs).catch(() => undefined);
    this.signal(signal);
    const status = await ended;
    return { member: this.name, status, afterMs: performance.now() - startedMs };
  }

  /** Errors: PID 1 does not answer. */
  status(): Promise<Status> {
    return askStatus(this.initPid);
  }

  async isReady(): Promise<boolean> {
    return (await this.status().catch(() => undefined))?.ready === true;
  }

  /** None where PID 1 is gone. */
  async processes(): Promise<MemberProcesses> {
    const status = await this.status().catch(() => undefined);
    const processes = isAlive(this.initPid) ? processesIn(namespaceOf(this.initPid)) : [];
    return {
      member: this.name,
      initPid: this.initPid,
      servicePids: status?.services.flatMap(({ pid }) => pid ?? []),
      processes: processes.map((it) => ({ ...it, kind: kindOf(it, this.initPid) })),
    };
  }

  /** What it has written since the last `forget`. */
  log(): MemberLog {
    const { lines, half } = this.reader;
    return { member: this.name, lines, half, stderr: readFileSync(this.#stderrFile, "utf8") };
  }

  forget(): void {
    this.reader.forget();
    truncateSync(this.#stderrFile);
  }

  async remove(): Promise<void> {
    this.reader.close();
    await this.container.rm();
  }
}

/** Makes the container and does not start it. `directory` is what all members of a subject share. */
export async function createMember(
  name: MemberName,
  directory: string,
  addresses: Addresses,
): Promise<Member> {
  const made = await run("mkfifo", [join(directory, `${name}.stdout`)]);
  if (!made.ok) throw new Error(`cannot make a pipe for ${name}: ${made.stderr}`);
  writeFileSync(join(directory, `${name}.stderr`), "");
  const limit = `${MEMORY_LIMIT_MB}m`;
  const container = await createContainer({
    image: runContext().images.example,
    entrypoint: "sh",
    command: ["-c", START, "sh", ...COMMANDS[name]],
    env: {
      ...environmentOf(name, addresses),
      CHAOS_STDOUT: `/chaos/${name}.stdout`,
      CHAOS_STDERR: `/chaos/${name}.stderr`,
    },
    publish: [],
    volumes: [`${directory}:/chaos`, `${APP}:/chaos-app:ro`],
    tmpfs: [`/run:size=${RUN_SIZE_MB}m,mode=755`],
    more: ["--no-healthcheck", `--memory=${limit}`, `--memory-swap=${limit}`],
  });
  return new Member(name, container, directory);
}
