// Where records go. Writing never blocks PID 1, and what nobody reads is not piled up: the sources are told to wait.
import type { LogPolicy } from "./policy.ts";

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
