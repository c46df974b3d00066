import { escapeControls, type Fields, isoTime } from "../record.ts";
import { flatten } from "./flatten.ts";

/** Text that needs no quotes. */
const BARE = /^[^\s"=\\\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+$/;

/** The record as `name=value` pairs on one line. Empty fields are left out, except the message. */
export function formatLogfmt(
  service: string,
  pid: number | undefined,
  nowMs: number,
  fields: Fields,
): string {
  const { time = isoTime(nowMs), level, msg, pid: ownPid = pid, ...more } = fields;
  const pairs: string[] = [];
  const add = (name: string, text: string): void => void pairs.push(`${quote(name)}=${quote(text)}`);
  flatten({ time, level, service, pid: ownPid }, add);
  add("msg", msg);
  flatten(more, add);
  return `${pairs.join(" ")}\n`;
}

function quote(text: string): string {
  return BARE.test(text) ? text : escapeControls(JSON.stringify(text));
}
