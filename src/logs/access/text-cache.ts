import { ARENA } from "../arena.ts";

/** A power of two: more than the hosts of a site, and little memory. */
const SLOTS = 64;
/** Longer text is decoded each time. */
const LONGEST_BYTES = 255;

const NO_BYTES = new Uint8Array(0);

/** Decodes bytes. Bytes that it has seen before give the same string again, not a new one. */
export class TextCache {
  readonly #bytes: Uint8Array[] = new Array(SLOTS).fill(NO_BYTES);
  readonly #texts: string[] = new Array(SLOTS).fill("");

  /** Reads the arena from `start` to `end`: the inside of a JSON string, which is valid and ASCII. */
  read(start: number, end: number): string {
    const length = end - start;
    if (length === 0) return "";
    if (length > LONGEST_BYTES) return decode(start, end);
    const middle = ARENA[start + (length >> 1)] as number;
    const slot = (length + 7 * (ARENA[start] as number) + 31 * middle) & (SLOTS - 1);
    const known = this.#bytes[slot] as Uint8Array;
    if (known.length === length && standsAt(known, start)) return this.#texts[slot] as string;
    const text = decode(start, end);
    this.#bytes[slot] = Uint8Array.from(ARENA.subarray(start, end));
    this.#texts[slot] = text;
    return text;
  }
}

function standsAt(known: Uint8Array, start: number): boolean {
  for (let at = 0; at < known.length; at += 1) if (known[at] !== ARENA[start + at]) return false;
  return true;
}

function decode(start: number, end: number): string {
  const text = ARENA.toString("latin1", start, end);
  return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
}
