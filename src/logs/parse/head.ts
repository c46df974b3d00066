// Level, time and message of a line of Python's logging, in whatever order its format has them. Each part is known by its
// shape and its place: what comes after the level is never taken for a level.

import { type Level, levelOf } from "../record.ts";
import { knownTime, skipTime } from "./head-time.ts";

/** Names of levels as programs write them. Lower case counts only in brackets of their own. */
const WORDS: ReadonlySet<string> = new Set(
  "TRACE DEBUG INFO NOTICE SUCCESS WARN WARNING ERROR CRITICAL FATAL".split(" "),
);
const LONGEST_WORD = 8;
/** Parts that may stand before the level: time, process, thread, logger, place. */
const MOST_PARTS = 8;
const LONGEST_PART = 200;

const CLOSING: ReadonlyMap<string, string> = new Map([
  ["[", "]"],
  ["(", ")"],
  ["{", "}"],
  ["<", ">"],
]);
/** Words that show a sentence when they stand before a level: «got ERROR from the shop». */
const SENTENCE =
  /^(an?|and|are|as|at|be|but|by|for|from|get|gets|got|had|has|have|if|in|is|its?|last|log|logged|new|no|not|of|on|one|or|raised|received|return|returned|returns|some|status|that|the|this|to|unexpected|was|were|when|with|[A-Z][a-z]+)$/;
const NUMBER = /^\d+$/;
const NAME = /^[A-Za-z_][\w.-]*$/;
/** Not a word of a sentence: a path, a file with a line number, the name of a thread or a host, `key=value`. */
const PART = /^[\w./<>@=:~+#-]+$/;
/** A word of a sentence; `MainThread` is not one. */
const PLAIN = /^[A-Za-z][a-z]*$/;
const DOTTED = /^[A-Za-z_]\w*(?:\.[\w<>]+)+$/;
/** dramatiq's: a part with a space, and the logger of one of several processes. */
const PID_PART = /PID (\d{1,7})\]/y;
const NUMBERED = /\(\d{1,4}\)(?=\])/y;
/** Linux has no larger PIDs: a larger number is a thread's. */
const MOST_PID_DIGITS = 7;

export interface Parts {
  level: Level;
  time?: string;
  logger?: string;
  pid?: number;
  /** The rest of the place, as it was written. */
  origin: string[];
}

export interface Head extends Parts {
  /** Where the rest begins: the message, or parts before it. */
  at: number;
  isTimed: boolean;
  /** The time came after the level. */
  isTimedLate: boolean;
  isBracketed: boolean;
  /** The level is in lower case, as structlog writes it. */
  isSmall: boolean;
  /** The separator after the level: a colon, a bar, a dash. */
  mark: string;
}

/** The head: all up to the level; undefined if the line has none. */
export function readHead(text: string): Head | undefined {
  const head = { origin: [] } as unknown as Head;
  let at = 0;
  let closing = "";
  let words = 0;
  for (let parts = 0; parts < MOST_PARTS; parts += 1) {
    at = skipMarks(text, at, parts > 0);
    for (
      let close = CLOSING.get(text.charAt(at));
      close !== undefined;
      close = CLOSING.get(text.charAt(at))
    ) {
      closing = close;
      at += 1;
    }
    if (closing !== "") at = skipPadding(text, at, closing);
    const afterTime = skipTime(text, at);
    if (afterTime > at) {
      noteTime(head, text.slice(at, afterTime));
      at = skipClosing(text, afterTime, closing);
      if (at > afterTime) closing = "";
      continue;
    }
    const afterPid = closing === "]" && head.isTimed ? notePid(head, text, at) : at;
    if (afterPid > at) {
      at = afterPid;
      closing = "";
      continue;
    }
    const word = wordAt(text, at, closing);
    if (word !== undefined) return finish(head, text, at, word, closing, words);
    // Without a time, only one part may stand before the level.
    if (parts > 1 && !head.isTimed) return undefined;
    let end = partEnd(text, at);
    if (end === at || end - at > LONGEST_PART) return undefined;
    const colon = text.indexOf(":", at);
    // name:LEVEL:message
    if (colon !== -1 && colon < end && wordAt(text, colon + 1, "") !== undefined) end = colon;
    const part = text.slice(at, text.charAt(end - 1) === ":" ? end - 1 : end);
    const isDelimited =
      closing !== "" || part.length < end - at || /^( -| \||[:[(])/.test(text.slice(end, end + 2));
    if (!notePart(head, part)) return undefined;
    if (closing === "" && (!isDelimited || !head.isTimed) && SENTENCE.test(part)) return undefined;
    if (!isDelimited && PLAIN.test(part)) words += 1;
    const afterNumber = closing === "]" && head.isTimed ? matchEnd(NUMBERED, text, end) : end;
    at = skipClosing(text, afterNumber, closing);
    if (at > afterNumber) closing = "";
  }
  return undefined;
}

/** Where it goes on after `PID 7]`; else where it was. */
function notePid(head: Head, text: string, at: number): number {
  PID_PART.lastIndex = at;
  const pid = PID_PART.exec(text)?.[1];
  if (pid === undefined) return at;
  head.pid = Number(pid);
  return PID_PART.lastIndex;
}

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function finish(
  head: Head,
  text: string,
  at: number,
  word: string,
  closing: string,
  words: number,
): Head | undefined {
  // Two plain words before a level without brackets make a sentence.
  if (words > 1 && closing === "") return undefined;
  head.level = levelOf(word) as Level;
  head.isBracketed = closing !== "";
  head.isSmall = word.charCodeAt(0) >= 0x61;
  let end = at + word.length;
  if (closing !== "") {
    // [INFO    ], [INFO:2026-11-24 02:30:58], [INFO/MainProcess]
    const close = text.indexOf(closing, end);
    if (close === -1 || close - end > LONGEST_PART) return undefined;
    const rest = text
      .slice(end, close)
      .replace(/^[\s:/|-]+/, "")
      .trimEnd();
    const timeEnd = skipTime(rest, 0);
    if (timeEnd > 0) noteTime(head, rest.slice(0, timeEnd));
    const more = rest.slice(timeEnd).trim();
    if (more !== "") head.origin.push(more);
    end = close + 1;
  }
  head.mark = "";
  let mark = end;
  while (text.charCodeAt(mark) === 0x20) mark += 1;
  const isMark = ":|–—-".includes(text.charAt(mark)) && mark < text.length;
  if (isMark && (text.charCodeAt(mark + 1) === 0x20 || (mark === end && text.charAt(mark) === ":"))) {
    head.mark = text.charAt(mark);
    end = mark + 1;
  }
  while (text.charCodeAt(end) === 0x20) end += 1;
  head.at = end;
  return head;
}

/** The name of the level at `at`; undefined if there is none, or if the word goes on. */
function wordAt(text: string, at: number, closing: string): string | undefined {
  let end = at;
  while (end - at <= LONGEST_WORD && isLetter(text.charCodeAt(end))) end += 1;
  if (end - at < 4 || end - at > LONGEST_WORD) return undefined;
  const word = text.slice(at, end);
  if (WORDS.has(word)) {
    const next = text.charAt(end);
    if (next === "" || next === " " || next === ":" || next === "|" || next === closing) return word;
    if (next === "[" || (next === "/" && closing !== "") || next === "]") return word;
    return undefined;
  }
  // [info     ], as structlog writes it.
  if (closing === "" || !WORDS.has(word.toUpperCase())) return undefined;
  while (text.charCodeAt(end) === 0x20) end += 1;
  return text.charAt(end) === closing ? word : undefined;
}

/** [%(levelname)8s] pads on the left. */
function skipPadding(text: string, from: number, closing: string): number {
  let at = from;
  while (text.charCodeAt(at) === 0x20) at += 1;
  return at > from && wordAt(text, at, closing) !== undefined ? at : from;
}

function notePart(head: Head, part: string): boolean {
  if (NUMBER.test(part)) {
    if (head.pid === undefined && part.length <= MOST_PID_DIGITS) head.pid = Number(part);
    else head.origin.push(part);
    return true;
  }
  // Without a time before it, an address or a number with a point is the beginning of a message.
  if (!PART.test(part) || (!head.isTimed && /^\d/.test(part))) return false;
  const pid = /^pid[=:](\d{1,7})$/i.exec(part)?.[1];
  if (pid !== undefined) head.pid = Number(pid);
  else if (NAME.test(part) && (head.logger === undefined || DOTTED.test(part))) {
    if (head.logger !== undefined) head.origin.push(head.logger);
    head.logger = part;
  } else head.origin.push(part);
  return true;
}

export function noteTime(parts: Parts & { isTimed?: boolean }, text: string): void {
  parts.isTimed = true;
  const time = knownTime(text);
  if (time !== undefined) parts.time = time;
}

function skipMarks(text: string, from: number, mayBeDash: boolean): number {
  let at = from;
  for (;;) {
    const mark = text.charAt(at);
    const isMark = mark === " " || mark === "|" || (mayBeDash && (mark === ":" || mark === ","));
    const isDash = mayBeDash && (mark === "-" || mark === "–" || mark === "—") && text.charAt(at + 1) === " ";
    if (!isMark && !isDash) return at;
    at += 1;
  }
}

function skipClosing(text: string, at: number, closing: string): number {
  return closing !== "" && text.charAt(at) === closing ? at + 1 : at;
}

/** Up to white space, a bar or a bracket. */
function partEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && at - from <= LONGEST_PART && !" |[](){}\t\"'".includes(text.charAt(at))) at += 1;
  return at;
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}
