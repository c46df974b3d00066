import { READ_BYTES, READ_ROOM } from "../../src/logs/arena.ts";
import type { AccessFacts } from "../../src/logs/observer.ts";
import { RecordStream } from "../../src/logs/read/record-stream.ts";
import { type Fields, formatRecord } from "../../src/logs/record.ts";
import { type LogPolicy, makePolicy } from "../../src/logs/write/policy.ts";
import type { Sink } from "../../src/logs/write/sink.ts";
import type { LogPlan } from "../../src/plan/plan.ts";

/** A sink that keeps all, and knows which way it came. */
export class MemorySink implements Sink {
  readonly congested = false;
  readonly policy: LogPolicy;
  readonly #chunks: Buffer[] = [];
  written = 0;
  /** What was passed on as it was. */
  asBytes = 0;

  constructor(policy: LogPolicy) {
    this.policy = policy;
  }

  write(text: string): void {
    this.#chunks.push(Buffer.from(text));
  }

  writeBytes(bytes: Buffer, start: number, end: number): void {
    this.#chunks.push(Buffer.from(bytes.subarray(start, end)));
    this.asBytes += end - start;
  }

  /** Errors: throws where what was written is no UTF-8. */
  text(): string {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(this.#chunks));
  }

  feedFrom(): () => void {
    return () => {};
  }

  async flush(): Promise<void> {}

  trim(): void {}
}

export interface Streamed {
  text: string;
  records: Record<string, unknown>[];
  facts: AccessFacts[];
  /** Records that the observer saw. */
  seen: Fields[];
  lines: number;
  /** Bytes that took the fast way. */
  asBytes: number;
}

export interface StreamedOptions {
  service?: string;
  plan?: Partial<LogPlan>;
  /** Undefined: wherever it can be taken. */
  fastWay?: false;
  pid?: number;
}

/** What becomes of these reads of one service's stream. The time of arrival is 1970. Errors: a line that is no JSON. */
export function streamed(reads: readonly Buffer[], options: StreamedOptions = {}): Streamed {
  const plan: LogPlan = { levels: {}, skip: [], accessFields: "schema", ...options.plan };
  const made = makePolicy(plan);
  const policy = {
    ...made,
    keepsAccessLines: made.keepsAccessLines && options.fastWay !== false,
    textOf: (service: string, pid: number | undefined, _now: number, fields: Fields) =>
      made.format === "json" ? formatRecord(service, pid, 0, fields) : made.textOf(service, pid, 0, fields),
  };
  const sink = new MemorySink(policy);
  const facts: AccessFacts[] = [];
  const seen: Fields[] = [];
  let lines = 0;
  const stream = new RecordStream({
    service: options.service ?? "nginx",
    sink,
    observer: {
      access: (it) => facts.push({ ...it }),
      record: (_, fields) => seen.push(fields),
      relayed: (_, more) => {
        lines += more;
      },
    },
  });
  stream.pid = options.pid;
  for (const bytes of reads) {
    for (let at = 0; at < bytes.length; at += READ_BYTES) {
      const size = bytes.copy(READ_ROOM, 0, at, at + READ_BYTES);
      stream.read(size, size < READ_BYTES);
    }
  }
  stream.end();
  const text = sink.text();
  const written = text.split("\n").slice(0, -1);
  const records =
    made.format === "json" ? written.map((line) => JSON.parse(line) as Record<string, unknown>) : [];
  return { text, records, facts, seen, lines, asBytes: sink.asBytes };
}
