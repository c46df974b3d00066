import { type Fields, isoTime } from "./record.ts";

/** What needs no quotes. */
const BARE = /^[^\s"=\\\u0000-\u001f\u007f-\u009f\u2028\u2029]+$/;
const CONTROLS = /[\u007f-\u009f\u2028\u2029]/g;

/** The record as `name=value` words on one line; a field of a field is `outer.inner`. */
export function formatLogfmt(
  service: string,
  pid: number | undefined,
  nowMs: number,
  fields: Fields,
): string {
  const { time = isoTime(nowMs), level, msg, pid: ownPid = pid, ...more } = fields;
  const words: string[] = [];
  addWords(words, "", { time, level, service, pid: ownPid, msg, ...more });
  return `${words.join(" ")}\n`;
}

function addWords(words: string[], prefix: string, fields: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null || value === "") continue;
    if (isObject(value)) addWords(words, `${prefix}${name}.`, value);
    else words.push(`${quote(prefix + name)}=${quote(textOf(value))}`);
  }
}

/** An object of fields. Arrays, and numbers that are kept digit by digit, are values. */
export function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !(JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value);
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function quote(text: string): string {
  if (BARE.test(text)) return text;
  return JSON.stringify(text).replace(
    CONTROLS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
