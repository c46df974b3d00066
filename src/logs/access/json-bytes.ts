// Finds the ends of JSON values in the arena. Strings are read four bytes at a time.
import { ARENA, WORDS } from "../arena.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
/** A double may lose digits of a longer number. */
const MOST_DIGITS = 15;
const POWERS_OF_TEN = Float64Array.from({ length: MOST_DIGITS + 1 }, (_, power) => 10 ** power);

export const NOT_ONE = -1;

/** Texts to look for. */
export interface Literals {
  lengths: Int32Array;
  /** Where the words of each text begin. */
  begins: Int32Array;
  /** The texts' bytes, four in each word. The last word of a text reaches back, so that it ends where the text ends. */
  words: Int32Array;
}

/** Errors: throws for a text of fewer than four bytes. */
export function makeLiterals(texts: readonly string[]): Literals {
  const words = texts.map((text) => {
    const bytes = Buffer.from(text, "latin1");
    return Array.from({ length: Math.ceil(bytes.length / 4) }, (_, index) =>
      bytes.readInt32LE(Math.min(index * 4, bytes.length - 4)),
    );
  });
  return {
    lengths: Int32Array.from(texts, (text) => text.length),
    begins: Int32Array.from(words, (_, index) => words.slice(0, index).flat().length),
    words: Int32Array.from(words.flat()),
  };
}

/** The position after the text; -1 unless all of it lies between `at` and `end`. */
export function skipLiteral({ lengths, begins, words }: Literals, literal: number, at: number, end: number) {
  const after = at + (lengths[literal] as number);
  if (after > end) return NOT_ONE;
  const last = after - 4;
  let index = begins[literal] as number;
  for (let position = at; position < last; position += 4) {
    if (WORDS.getInt32(position, true) !== words[index]) return NOT_ONE;
    index += 1;
  }
  return WORDS.getInt32(last, true) === words[index] ? after : NOT_ONE;
}

/**
 * The position of the quote that ends a text; -1 if the text is not ASCII, not valid JSON or not harmless to a terminal.
 * The position may lie beyond the end of what was read: the caller has to check that.
 */
export function skipText(from: number): number {
  let at = from;
  for (;;) {
    while (isPlain(WORDS.getInt32(at, true))) at += 4;
    let byte = ARENA[at] as number;
    while (byte >= 0x20 && byte < 0x7f && byte !== QUOTE && byte !== BACKSLASH) {
      at += 1;
      byte = ARENA[at] as number;
    }
    if (byte === QUOTE) return at;
    at = byte === BACKSLASH ? skipEscape(at) : NOT_ONE;
    if (at === NOT_ONE) return NOT_ONE;
  }
}

/** Whether none of four bytes is a control character, not ASCII, DEL, a quote or a backslash. */
function isPlain(word: number): boolean {
  const quotes = word ^ 0x22222222;
  const backslashes = word ^ 0x5c5c5c5c;
  // Subtracting n sets the highest bit of bytes below n, and adding 1 that of DEL; bytes that are not ASCII have it set
  // already. A carry may also set the bit of the byte above: such a word is then looked at byte by byte.
  const odd =
    (word - 0x20202020) | word | (word + 0x01010101) | (quotes - 0x01010101) | (backslashes - 0x01010101);
  return (odd & 0x80808080) === 0;
}

function skipEscape(at: number): number {
  const letter = String.fromCharCode(ARENA[at + 1] as number);
  if ('"\\/bfnrt'.includes(letter)) return at + 2;
  if (letter !== "u") return NOT_ONE;
  for (let digit = at + 2; digit < at + 6; digit += 1) if (!isHex(ARENA[digit] as number)) return NOT_ONE;
  return at + 6;
}

function isHex(byte: number): boolean {
  return (byte >= ZERO && byte <= NINE) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

/** The last number that `skipNumber` has skipped. */
export let skippedNumber = 0;

/** The position after a JSON number that has no sign and no exponent; -1 if there is none. */
export function skipNumber(from: number, mayHaveFraction: boolean): number {
  let at = skipDigits(from);
  // 007 is not a JSON number.
  if (at === from || (at - from > 1 && ARENA[from] === ZERO)) return NOT_ONE;
  if (mayHaveFraction && ARENA[at] === POINT) {
    const point = at;
    const whole = skippedNumber;
    at = skipDigits(point + 1);
    const places = at - point - 1;
    if (places === 0 || at - from > MOST_DIGITS) return NOT_ONE;
    const scale = POWERS_OF_TEN[places] as number;
    skippedNumber = (whole * scale + skippedNumber) / scale;
  }
  return at - from > MOST_DIGITS ? NOT_ONE : at;
}

function skipDigits(from: number): number {
  let at = from;
  let number = 0;
  for (let byte = ARENA[at] as number; byte >= ZERO && byte <= NINE; byte = ARENA[at] as number) {
    number = number * 10 + byte - ZERO;
    at += 1;
  }
  skippedNumber = number;
  return at;
}
