// Where records go. Writing never blocks PID 1, and what nobody reads is not piled up: the readers are told to wait.
import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import type { LogPlan } from "../plan/plan.ts";
import { BlockingSink } from "./blocking-sink.ts";
import { PipeSink } from "./pipe-sink.ts";
import { type LogPolicy, makePolicy } from "./policy.ts";

/** What brings records; a Node stream is one. */
export interface Source {
  pause(): void;
  resume(): void;
}

export interface Sink {
  /** Which records are written, and how. Whoever writes one asks it. */
  readonly policy: LogPolicy;
  write(text: string): void;
  /** Bytes from `start` to `end`, which are copied: the caller may reuse its buffer. */
  writeBytes(bytes: Buffer, start: number, end: number): void;
  /** Whether the reader is behind. */
  readonly congested: boolean;
  /** Characters or bytes written since it was opened. */
  readonly written: number;
  /** Pauses the source while the reader is behind, until the returned function is called. */
  feedFrom(source: Source): () => void;
  /** Resolves when all is written, or after `timeoutMs` if nobody reads. */
  flush(timeoutMs: number): Promise<void>;
  /** Gives back memory that a burst has needed. */
  trim(): void;
}

/**
 * A sink on the descriptor `fd`. A pipe is put into non-blocking mode, for every process that shares it: where a child
 * has the same descriptor, ask for `blocking`.
 */
export function openSink(
  fd: number,
  mode: "non-blocking" | "blocking" = "non-blocking",
  plan?: LogPlan,
): Sink {
  const kind = fstatSync(fd);
  const canWait = mode === "non-blocking" && (kind.isFIFO() || kind.isSocket());
  const terminal = isatty(fd);
  const policy = makePolicy(plan, { terminal, colour: terminal && !process.env["NO_COLOR"] });
  return canWait ? new PipeSink(fd, policy) : new BlockingSink(fd, policy);
}
