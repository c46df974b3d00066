// Lines of `key=value`, as structlog's KeyValueRenderer and LogfmtRenderer write them.
import { levelOf } from "../record.ts";

const KEY = /[A-Za-z_@][\w.@-]{0,63}=/y;
const NUMBER = /^-?\d{1,15}(?:\.\d{1,15})?$/;
const CONSTANTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["True", true],
  ["true", true],
  ["False", false],
  ["false", false],
  ["None", null],
]);
const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

/** All pairs from `from` to the end; undefined if there is anything else. */
export function parsePairs(text: string, from = 0): Record<string, unknown> | undefined {
  const pairs: Record<string, unknown> = Object.create(null);
  let at = from;
  while (at < text.length) {
    KEY.lastIndex = at;
    if (!KEY.test(text)) return undefined;
    const key = text.slice(at, KEY.lastIndex - 1);
    at = KEY.lastIndex;
    const quote = text.charAt(at);
    const close = quote === "'" || quote === '"' ? closingQuote(text, at) : -1;
    if (close !== -1 && (close + 1 === text.length || text.charAt(close + 1) === " ")) {
      pairs[key] = unescaped(text.slice(at + 1, close));
      at = close + 1;
    } else {
      const end = bareEnd(text, at);
      pairs[key] = bareValue(text.slice(at, end));
      at = end;
    }
    while (text.charCodeAt(at) === 0x20) at += 1;
  }
  return pairs;
}

/** The pairs of a line that has a level and a message; undefined for any other line. */
export function parsePairLine(text: string): Record<string, unknown> | undefined {
  const equals = text.indexOf("=");
  if (equals === -1 || equals > 64 || text.lastIndexOf(" ", equals) !== -1) return undefined;
  if (!text.includes("level=") && !text.includes("severity=")) return undefined;
  const pairs = parsePairs(text);
  if (pairs === undefined || levelOf(pairs["level"] ?? pairs["levelname"] ?? pairs["severity"]) === undefined)
    return undefined;
  return ["event", "msg", "message"].some((key) => typeof pairs[key] === "string") ? pairs : undefined;
}

function closingQuote(text: string, open: number): number {
  const quote = text.charCodeAt(open);
  for (let at = open + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at += 1;
    else if (code === quote) return at;
  }
  return -1;
}

/** A value without quotes may have spaces, as `{'a': 1}` has: it ends before the next key. */
function bareEnd(text: string, from: number): number {
  for (let space = text.indexOf(" ", from); space !== -1; space = text.indexOf(" ", space + 1)) {
    KEY.lastIndex = space + 1;
    if (KEY.test(text)) return space;
  }
  return text.length;
}

function bareValue(text: string): unknown {
  if (NUMBER.test(text)) return Number(text);
  return CONSTANTS.has(text) ? CONSTANTS.get(text) : text;
}

function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replaceAll(/\\(?:x([\da-f]{2})|u([\da-f]{4})|(.))/gs, (_, hex, unicode, letter) =>
    letter === undefined
      ? String.fromCharCode(Number.parseInt(hex ?? unicode, 16))
      : (ESCAPES[letter] ?? letter),
  );
}
