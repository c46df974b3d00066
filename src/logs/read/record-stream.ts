// One stream of a service: bytes → lines → entries → records.
import { readAccessLine, toNginxNames } from "../access/fields.ts";
import { ACCESS_LOG_SERVICE, AccessLines } from "../access/lines.ts";
import type { RelayObserver } from "../observer.ts";
import { EntryGrouper } from "../parse/entries.ts";
import { parseEntry } from "../parse/entry.ts";
import type { Fields } from "../record.ts";
import { OWN_SERVICE } from "../write/policy.ts";
import type { Sink } from "../write/sink.ts";
import { LineSplitter, type LineTaker } from "./lines.ts";

export interface StreamOptions {
  /** The service's name; a function if one process does the work of several services in turn. */
  service: string | (() => string);
  sink: Sink;
  /** Fields for every record, on top of what its line says. */
  extra?: Record<string, unknown>;
  /** Called with each record except nginx's access lines, whether it is written or not. */
  onRecord?: (fields: Fields) => void;
  observer?: RelayObserver | undefined;
  /** Called with each line as it came, before anything is made of it. */
  onLine?: ((text: string) => void) | undefined;
}

export class RecordStream {
  readonly #options: StreamOptions;
  readonly #splitter: LineSplitter;
  readonly #grouper: EntryGrouper;
  readonly #access: AccessLines | undefined;
  #lines = 0;
  /** The PID for lines that name none. */
  pid: number | undefined;

  constructor(options: StreamOptions) {
    const { service, sink, observer, extra, onLine } = options;
    this.#options = options;
    this.#grouper = new EntryGrouper((entry) => {
      if (entry.head === "" && entry.traceback.length === 0) return;
      try {
        this.#record({ ...parseEntry(entry, this.#service()), ...extra });
      } catch (error) {
        this.#tellFault(error);
      }
    });
    const isPlain = extra === undefined && onLine === undefined;
    const fast = service === ACCESS_LOG_SERVICE && sink.policy.keepsAccessLines && isPlain;
    this.#access = fast ? new AccessLines(sink, observer) : undefined;
    const taker: LineTaker = { line: (text) => this.#line(text) };
    if (fast) taker.bytes = (start, end) => this.#bytes(start, end);
    this.#splitter = new LineSplitter(taker);
  }

  /**
   * Takes the `size` bytes that have been read to the arena; `isAll` if there was no more to read. Returns for how many
   * milliseconds something is held back, 0 if nothing is: then call `flush`.
   */
  read(size: number, isAll: boolean): number {
    this.#splitter.read(size);
    // The next read continues where this one ran out of room.
    const heldMs = this.#grouper.endOfChunk(!isAll || this.#splitter.isInLine);
    this.#tell(size);
    return heldMs;
  }

  /** Grows with each line of a traceback that is held back. */
  get progress(): number {
    return this.#grouper.progress;
  }

  flush(): void {
    this.#grouper.flush();
  }

  end(): void {
    this.#splitter.end();
    this.#grouper.flush();
    this.#tell(0);
  }

  #service(): string {
    const { service } = this.#options;
    return typeof service === "string" ? service : service();
  }

  #line(text: string): void {
    this.#lines += 1;
    this.#options.onLine?.(text);
    this.#grouper.push(text);
  }

  #bytes(start: number, end: number): number {
    this.#grouper.flush();
    return (this.#access as AccessLines).take(start, end);
  }

  #record(fields: Fields): void {
    const { sink, onRecord, observer } = this.#options;
    const { policy } = sink;
    const service = this.#service();
    const access = service === ACCESS_LOG_SERVICE ? readAccessLine(fields) : undefined;
    if (access === undefined) {
      onRecord?.(fields);
      observer?.record?.(service, fields);
    } else {
      observer?.access?.(access.facts);
      if (policy.skip.matchText(access.facts.status, access.path, access.agent)) return;
    }
    if (!policy.passes(service, fields.level)) return;
    const isRenamed = access !== undefined && policy.renamesAccessFields && fields["request"] === undefined;
    const shown = isRenamed ? toNginxNames(fields) : fields;
    sink.write(policy.textOf(service, this.pid, Date.now(), shown));
  }

  /** Whatever a service writes, its log must not end PID 1: of a fault here one record is lost, and it says so. */
  #tellFault(thrown: unknown): void {
    const { sink } = this.#options;
    const msg = `a record of ${this.#service()} could not be relayed: ${thrown}`;
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    const fields: Fields = { level: "error", code: "DJINIT_INTERNAL", msg, stack };
    sink.write(sink.policy.textOf(OWN_SERVICE, process.pid, Date.now(), fields));
  }

  #tell(bytes: number): void {
    const lines = this.#lines + (this.#access?.lines ?? 0);
    if (lines + bytes > 0) this.#options.observer?.relayed?.(this.#service(), lines, bytes);
    this.#lines = 0;
    if (this.#access !== undefined) this.#access.lines = 0;
  }
}
