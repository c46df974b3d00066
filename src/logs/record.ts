// One record: what djinit writes to stdout for one entry. docs/logs.md describes the schema.

export type Level = "debug" | "info" | "warn" | "error" | "fatal";

export interface Fields {
  /** Taken from the line itself where it has one; else the time of arrival. */
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

/** The level a service's own word for it stands for. */
export function levelOf(word: unknown): Level | undefined {
  return typeof word === "string" ? LEVELS.get(word.toLowerCase()) : undefined;
}

/** What JSON may hold as it is, but terminals obey and some readers take for the end of a line. */
const UNESCAPED_CONTROLS = /[\u007f-\u009f\u2028\u2029]/g;

/** The record as one line, newline included. Every control character is escaped: no record can be forged. */
export function formatRecord(
  service: string,
  pid: number | undefined,
  nowMs: number,
  fields: Fields,
): string {
  const { time, level, msg, ...more } = fields;
  const when = time ?? new Date(nowMs).toISOString();
  const line = JSON.stringify({ time: when, level, service, pid, msg, ...more });
  return `${line.replace(UNESCAPED_CONTROLS, escapeCharacter)}\n`;
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
