// Where records go. Writing never blocks PID 1. If nobody reads, the sources are paused and records do not pile up.
import type { LogPolicy } from "./policy.ts";

/** A source of records; a Node stream is one. */
export interface Source {
  pause(): void;
  resume(): void;
}

export interface Sink {
  /** Which records are written, and how. Callers ask it before they write one. */
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
