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

/** The record as one line, newline included. `JSON.stringify` escapes every control character: no record can be forged. */
export function formatRecord(
  service: string,
  pid: number | undefined,
  nowMs: number,
  fields: Fields,
): string {
  const { time, level, msg, ...more } = fields;
  const when = time ?? new Date(nowMs).toISOString();
  return `${JSON.stringify({ time: when, level, service, pid, msg, ...more })}\n`;
}
