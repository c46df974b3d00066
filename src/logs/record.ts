// One record: what djinit writes to stdout for one entry. docs/logs.md describes the schema.
import type { Level } from "../base/log-level.ts";

export type { Level } from "../base/log-level.ts";

export interface Fields {
  /** The line's own time if it has one; else the time of arrival. */
  time?: string;
  level: Level;
  msg: string;
  [field: string]: unknown;
}

// A Map, not an object: a log line may well call its level `constructor`.
const LEVELS: ReadonlyMap<string, Level> = new Map([
  ["trace", "debug"],
  ["debug", "debug"],
  ["info", "info"],
  ["notice", "info"],
  ["success", "info"],
  ["warn", "warn"],
  ["warning", "warn"],
  ["error", "error"],
  ["err", "error"],
  ["crit", "fatal"],
  ["critical", "fatal"],
  ["alert", "fatal"],
  ["emerg", "fatal"],
  ["fatal", "fatal"],
]);

/** The schema's level for a service's own name of it. */
export function levelOf(word: unknown): Level | undefined {
  if (typeof word !== "string") return undefined;
  return LEVELS.get(word) ?? LEVELS.get(word.toLowerCase());
}

/**
 * JSON allows these unescaped. Terminals obey them, some readers take them for the end of a line, and the last two groups show the
 * text after them in another order.
 */
const UNESCAPED_CONTROLS = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** The record as one line of JSON, newline included. Every control character is escaped: no record can be forged. */
export function formatRecord(
  service: string,
  pid: number | undefined,
  nowMs: number,
  fields: Fields,
): string {
  const when = fields.time === undefined ? isoTime(nowMs) : fields.time;
  const givenPid = fields["pid"] === undefined ? pid : fields["pid"];
  let line = `{"time":"${when}","level":"${fields.level}","service":"${service}"`;
  if (givenPid !== undefined) line += `,"pid":${JSON.stringify(givenPid)}`;
  line += `,"msg":${JSON.stringify(fields.msg)}`;
  for (const name of Object.keys(fields)) {
    if (HEAD.has(name)) continue;
    const value = JSON.stringify(fields[name]);
    if (value !== undefined) line += `,${JSON.stringify(name)}:${value}`;
  }
  return `${escapeControls(line)}}\n`;
}

export function escapeControls(text: string): string {
  return text.replace(UNESCAPED_CONTROLS, escapeCharacter);
}

/** The first fields, in this order. */
const HEAD: ReadonlySet<string> = new Set(["time", "level", "service", "pid", "msg"]);

let lastMs = Number.NaN;
let lastTime = "";

/** Many records come within one millisecond. */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastTime = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastTime;
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
