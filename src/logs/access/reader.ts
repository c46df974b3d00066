// Reads finished access records in the arena, without decoding them to strings.

import { ARENA } from "../arena.ts";
import type { AccessFacts } from "../observer.ts";
import { ACCESS_FORMAT, ACCESS_FORMAT_END, type ValueKind, type ValueRole, WITHOUT_CACHE } from "./format.ts";
import { makeLiterals, NOT_ONE, skipLiteral, skipNumber, skippedNumber, skipText } from "./json-bytes.ts";
import { TextCache } from "./text-cache.ts";

const QUOTE = 0x22;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_I = 0x69;
const LETTER_N = 0x6e;
const LETTER_Z = 0x5a;
const TIME_BYTES = "2026-11-24T03:12:53.738Z".length;
/** The part that changes only once a second. */
const SECOND_BYTES = "2026-11-24T03:12:53".length;

const LITERALS = makeLiterals([
  ...ACCESS_FORMAT.map(({ literal }) => literal),
  `${ACCESS_FORMAT_END}\n`,
  "null",
  "info",
  "error",
  WITHOUT_CACHE,
]);
const END = ACCESS_FORMAT.length;
const NULL = END + 1;
const INFO = END + 2;
const ERROR = END + 3;
const OLDER = END + 4;

const TEXT = 0;
const TIME = 1;
const LEVEL = 2;
const WHOLE = 3;
const DECIMAL = 4;
const DECIMAL_OR_NULL = 5;
const CODES: Record<ValueKind, number> = {
  text: TEXT,
  time: TIME,
  level: LEVEL,
  whole: WHOLE,
  decimal: DECIMAL,
  "decimal-or-null": DECIMAL_OR_NULL,
};
const KINDS = Uint8Array.from(ACCESS_FORMAT, ({ kind }) => CODES[kind]);

const indexOf = (role: ValueRole): number => ACCESS_FORMAT.findIndex((part) => part.role === role);
const STATUS = indexOf("status");
const BYTES_SENT = indexOf("bytesSent");
const REQUEST_SECONDS = indexOf("requestSeconds");
const UPSTREAM_SECONDS = indexOf("upstreamSeconds");
const CACHE = indexOf("cache");
const HOST = indexOf("host");
const PATH = indexOf("path");
const AGENT = indexOf("agent");

export class AccessReader {
  /** The request of the last record, as are all other fields. The object is reused. */
  readonly facts: AccessFacts = {
    host: "",
    status: 0,
    requestSeconds: 0,
    bytesSent: 0,
    upstreamSeconds: undefined,
    fromApplication: false,
    cache: "",
  };
  level: "info" | "error" = "info";
  readonly #starts = new Int32Array(ACCESS_FORMAT.length);
  readonly #ends = new Int32Array(ACCESS_FORMAT.length);
  readonly #numbers = new Float64Array(ACCESS_FORMAT.length);
  readonly #second = new Uint8Array(SECOND_BYTES);
  readonly #hosts = new TextCache();
  readonly #results = new TextCache();

  /**
   * Reads the record that begins at `start`. Returns the position after its newline, or -1 if no record of exactly this form
   * ends before `end`. Such a line may still be something else.
   */
  read(start: number, end: number): number {
    let at = start;
    for (let part = 0; part < KINDS.length; part += 1) {
      const value = skipLiteral(LITERALS, part, at, end);
      if (value === NOT_ONE && part === CACHE) {
        this.#starts[CACHE] = at;
        this.#ends[CACHE] = at;
        part += 1;
        at = skipLiteral(LITERALS, OLDER, at, end);
      } else {
        at = value;
      }
      if (at === NOT_ONE) return NOT_ONE;
      this.#starts[part] = at;
      const kind = KINDS[part] as number;
      at = kind === TEXT ? skipText(at) : this.#skipOther(kind, part, at, end);
      if (at === NOT_ONE) return NOT_ONE;
      this.#ends[part] = at;
    }
    at = skipLiteral(LITERALS, END, at, end);
    if (at !== NOT_ONE) this.#takeFacts();
    return at;
  }

  get pathStart(): number {
    return this.#starts[PATH] as number;
  }

  get pathEnd(): number {
    return this.#ends[PATH] as number;
  }

  get agentStart(): number {
    return this.#starts[AGENT] as number;
  }

  get agentEnd(): number {
    return this.#ends[AGENT] as number;
  }

  #skipOther(kind: number, part: number, at: number, end: number): number {
    if (kind === TIME) return this.#skipTime(at, end);
    if (kind === LEVEL) {
      const isInfo = ARENA[at] === LETTER_I;
      this.level = isInfo ? "info" : "error";
      return skipLiteral(LITERALS, isInfo ? INFO : ERROR, at, end);
    }
    if (kind === DECIMAL_OR_NULL && ARENA[at] === LETTER_N) {
      this.#numbers[part] = Number.NaN;
      return skipLiteral(LITERALS, NULL, at, end);
    }
    const after = skipNumber(at, kind !== WHOLE);
    this.#numbers[part] = skippedNumber;
    return after;
  }

  #skipTime(at: number, end: number): number {
    const after = at + TIME_BYTES;
    const point = at + SECOND_BYTES;
    if (after >= end || ARENA[point] !== POINT) return NOT_ONE;
    if (!isDigit(ARENA[point + 1]) || !isDigit(ARENA[point + 2]) || !isDigit(ARENA[point + 3]))
      return NOT_ONE;
    if (ARENA[point + 4] !== LETTER_Z || ARENA[after] !== QUOTE) return NOT_ONE;
    for (let index = 0; index < SECOND_BYTES; index += 1) {
      if (ARENA[at + index] !== this.#second[index]) return this.#learnSecond(at) ? after : NOT_ONE;
    }
    return after;
  }

  /** Remembers a new second. False if the calendar has no such second. */
  #learnSecond(at: number): boolean {
    const text = `${ARENA.toString("latin1", at, at + SECOND_BYTES)}.000Z`;
    const ms = Date.parse(text);
    if (Number.isNaN(ms) || new Date(ms).toISOString() !== text) return false;
    this.#second.set(ARENA.subarray(at, at + SECOND_BYTES));
    return true;
  }

  #takeFacts(): void {
    const { facts } = this;
    const upstream = this.#numbers[UPSTREAM_SECONDS] as number;
    facts.host = this.#hosts.read(this.#starts[HOST] as number, this.#ends[HOST] as number);
    facts.status = this.#numbers[STATUS] as number;
    facts.bytesSent = this.#numbers[BYTES_SENT] as number;
    facts.requestSeconds = this.#numbers[REQUEST_SECONDS] as number;
    facts.fromApplication = !Number.isNaN(upstream);
    facts.upstreamSeconds = facts.fromApplication ? upstream : undefined;
    facts.cache = this.#results.read(this.#starts[CACHE] as number, this.#ends[CACHE] as number);
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}
