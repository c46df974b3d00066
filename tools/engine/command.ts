import { execa } from "execa";
import { limitTime } from "./time-limit.ts";

export interface RunOptions {
  /** After this time the command is ended, with every process it has started. */
  timeoutMs?: number;
  env?: Record<string, string>;
  input?: string;
  /** In its own session: Ctrl-C in the terminal does not reach it. */
  apart?: boolean;
}

export interface Ran {
  /** The command could be started and ended with status 0. */
  ok: boolean;
  /** Undefined if it could not be started or died of a signal. */
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
  /** Both streams, in the order in which they came. */
  all: string;
  /** The file to run does not exist. */
  missing: boolean;
  timedOut: boolean;
}

/** Runs a command to its end and returns the result. Never throws. */
export async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const started = execa(file, [...args], {
    reject: false,
    all: true,
    detached: options.apart === true,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
  });
  const limit = limitTime(started.pid, options.timeoutMs);
  const result = await started;
  limit.cancel();
  return {
    ok: !result.failed && !limit.isOver,
    exitCode: result.exitCode,
    stdout: String(result.stdout ?? ""),
    stderr: String(result.stderr ?? ""),
    all: String(result.all ?? ""),
    missing: (result as { code?: string }).code === "ENOENT",
    timedOut: limit.isOver,
  };
}

/** Why a command failed, on one line: the last line it wrote, or how it ended. */
export function causeOf(ran: Ran): string {
  if (ran.missing) return "the command is not installed";
  if (ran.timedOut) return "it took too long";
  const lines = (ran.stderr || ran.stdout).split("\n").filter((line) => line.trim() !== "");
  return lines.at(-1)?.trim() ?? `it ended with status ${ran.exitCode ?? "unknown"}`;
}
