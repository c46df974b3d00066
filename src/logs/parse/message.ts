// Skips the parts between the level and the message: time, logger, process, place.

import type { Fields } from "../record.ts";
import { type Head, noteTime, type Parts, readHead } from "./head.ts";
import { skipTime } from "./head-time.ts";
import { parsePairs } from "./pairs.ts";

const MOST_PARTS = 6;
const LONGEST_PART = 200;

const DOTTED = /^[A-Za-z_]\w*(?:\.[A-Za-z_<][\w<>]*)+$/;
/** A place: `shop.views:12`, `views.py:12`, `shop.views:pay:12`, `module:<file.py>:12`. */
const PLACE = /^[A-Za-z_/<][\w./<>-]*(?::[\w.<>]+){0,2}:\d+$/;
const PID = /^pid[=: ]?(\d{1,7})$/i;
// Django's «verbose»: log 12 140123456789 the message
const VERBOSE = /([\w.-]{1,200}) (\d{1,7}) (\d{10,20}) /y;
// ERROR:shop.views:the message, as logging.basicConfig has it, and huey's ERROR:huey.consumer:Worker-1:the message
const AFTER_COLON =
  /([A-Za-z_][\w.]{0,199}):(?![/\d\s])(?:(MainThread|Scheduler|(?:Thread|Worker)-\d{1,9}):)?/y;
/** Flask's «in views: ». */
const IN_MODULE = /in (\w{1,200}): /y;

/** A line of Python's logging, loguru or structlog's console; undefined if its head has no level. */
export function parseHeadLine(text: string): Fields | undefined {
  const head = readHead(text);
  if (head === undefined) return undefined;
  if (head.isSmall) {
    const fields = readStructlogConsole(text, head);
    if (fields !== undefined) return fields;
  }
  return fieldsOf(head, text.slice(skipParts(text, head)));
}

export function fieldsOf({ level, time, logger, pid, origin }: Parts, msg: string): Fields {
  const fields: Fields = time === undefined ? { level, msg } : { time, level, msg };
  if (pid !== undefined) fields["pid"] = pid;
  if (logger !== undefined) fields["logger"] = logger;
  if (origin.length > 0) fields["origin"] = origin.join(" ");
  return fields;
}

/** The position of the message. A part that might be its beginning is not skipped. */
function skipParts(text: string, head: Head): number {
  if (head.mark === ":" && text.charAt(head.at - 1) === ":") return skipAfterColon(text, head);
  let at = head.at;
  for (let parts = 0; parts < MOST_PARTS; parts += 1) {
    const next = skipPart(text, at, head);
    if (next === at) return at;
    at = next;
    while (text.charCodeAt(at) === 0x20) at += 1;
  }
  return at;
}

function skipAfterColon(text: string, head: Head): number {
  AFTER_COLON.lastIndex = head.at;
  const [all = "", name, thread] = (head.logger === undefined && AFTER_COLON.exec(text)) || [];
  if (name !== undefined) head.logger = name;
  if (thread !== undefined) head.origin.push(thread);
  return head.at + all.length;
}

function skipPart(text: string, at: number, head: Head): number {
  const first = text.charAt(at);
  if (first === "[" || first === "<") return skipBracket(text, at, head, first === "[" ? "]" : ">");
  if (!head.isTimed) {
    const end = skipTime(text, at);
    if (end > at) {
      noteTime(head, text.slice(at, end));
      head.isTimedLate = true;
      return skipMark(text, end);
    }
    return head.isBracketed ? skipNamed(text, at, head) : at;
  }
  return (head.isTimedLate ? skipVerbose(text, at, head) : undefined) ?? skipNamed(text, at, head);
}

function skipBracket(text: string, at: number, head: Head, closing: string): number {
  const close = text.indexOf(closing, at);
  if (close === -1 || close - at > LONGEST_PART) return at;
  const part = text.slice(at + 1, close);
  if (part === "") return at;
  const timeEnd = head.isTimed ? 0 : skipTime(part, 0);
  const pid = PID.exec(part)?.[1];
  if (timeEnd > 0) {
    if (timeEnd < part.length) return at;
    noteTime(head, part);
  } else if (pid !== undefined) head.pid = Number(pid);
  else if (!head.isTimed || !notePlace(head, part)) return at;
  return skipMark(text, close + 1);
}

function skipVerbose(text: string, at: number, head: Head): number | undefined {
  VERBOSE.lastIndex = at;
  const match = VERBOSE.exec(text);
  if (match === null) return undefined;
  const [all, module = "", pid, thread = ""] = match;
  head.origin.push(module, thread);
  head.pid = Number(pid);
  return at + all.length;
}

/** `shop.views: `, `shop.views - `, `views.py:12 - `; between bars, any part that is not text. */
function skipNamed(text: string, at: number, head: Head): number {
  const module = head.isTimed && text.startsWith("in ", at) ? moduleAt(text, at) : undefined;
  if (module !== undefined) {
    head.origin.push(module);
    return at + `in ${module}: `.length;
  }
  const space = text.indexOf(" ", at);
  if (space === -1 || space - at > LONGEST_PART) return at;
  const isNamed = text.charAt(space - 1) === ":";
  const part = text.slice(at, isNamed ? space - 1 : space);
  if (isNamed) return notePlace(head, part) ? space + 1 : at;
  const mark = text.slice(space, space + 3);
  if (mark !== " - " && mark !== " | ") return at;
  const isPid = mark === " | " && head.mark === "|" && /^\d{1,7}$/.test(part);
  if (isPid) head.pid = Number(part);
  return isPid || notePlace(head, part) ? space + 3 : at;
}

function moduleAt(text: string, at: number): string | undefined {
  IN_MODULE.lastIndex = at;
  return IN_MODULE.exec(text)?.[1];
}

function notePlace(head: Head, part: string): boolean {
  const isDotted = DOTTED.test(part);
  if (!isDotted && !PLACE.test(part) && !/^\/[\w./-]+$/.test(part)) return false;
  const name = isDotted ? part : part.slice(0, Math.max(0, part.indexOf(":")));
  const isFile = /[/<]|\.py$/.test(name) || name === "";
  if (isFile || head.logger !== undefined) head.origin.push(part);
  else {
    head.logger = name;
    if (name !== part) head.origin.push(part);
  }
  return true;
}

function skipMark(text: string, at: number): number {
  return text.charAt(at) === ":"
    ? at + 1
    : text.startsWith(" - ", at) || text.startsWith(" | ", at)
      ? at + 3
      : at;
}

/** 2026-11-24T02:30:58Z [info     ] paid              [shop.views] amount=3 */
function readStructlogConsole(text: string, head: Head): Fields | undefined {
  let end = text.length;
  for (let at = text.indexOf(" [", head.at); at !== -1; at = text.indexOf(" [", at + 1)) {
    const name = /^ \[([A-Za-z_][\w.]{0,199})\](?: |$)/.exec(text.slice(at, at + LONGEST_PART))?.[1];
    if (name === undefined) continue;
    const pairsAt = at + name.length + 4;
    const pairs = pairsAt < text.length ? parsePairs(text, pairsAt) : {};
    if (pairs === undefined) continue;
    while (end > head.at && text.charCodeAt(Math.min(at, end) - 1) === 0x20) end = Math.min(at, end) - 1;
    end = Math.min(at, end);
    const fields = fieldsOf({ ...head, logger: name }, text.slice(head.at, end));
    return Object.assign(Object.create(null), withoutOurs(pairs), fields);
  }
  return undefined;
}

/** A value whose name is in the schema moves into `app`. */
function withoutOurs(pairs: Record<string, unknown>): Record<string, unknown> {
  const ours = ["time", "level", "msg", "service", "pid", "logger", "origin", "error", "app"];
  const aside = Object.entries(pairs).filter(([key]) => ours.includes(key));
  const rest = Object.entries(pairs).filter(([key]) => !ours.includes(key));
  const fields = Object.assign(Object.create(null), Object.fromEntries(rest));
  if (aside.length > 0) fields["app"] = Object.fromEntries(aside);
  return fields;
}
