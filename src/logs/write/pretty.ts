// For a person at a terminal: one line for the record, further ones for a traceback and a hint.

import { type Fields, isoTime, type Level } from "../record.ts";
import { flatten } from "./flatten.ts";

const RESET = "\u001b[0m";
const DIM = "\u001b[2m";
const COLOURS: Record<Level, string> = {
  debug: DIM,
  info: "\u001b[32m",
  warn: "\u001b[33m",
  error: "\u001b[31m",
  fatal: "\u001b[1;31m",
};

const SERVICE_WIDTH = 13;
const MOST_VALUE_LENGTH = 80;
/** Fields that are shown on lines of their own. */
const BLOCKS = ["error.stack", "hint"];
/** Fields that are shown already, in columns or in the message, or that nobody at a terminal needs. */
const QUIET = /^(pid|process|request_id|logger|error\.|http\.|url\.|client\.|user\.|user_agent\.|task\.)/;

// No text of a service or a client may control the terminal.
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

export function prettyFormat(colour: boolean) {
  const paint = (code: string, text: string): string => (colour ? `${code}${text}${RESET}` : text);
  return (service: string, _pid: number | undefined, nowMs: number, fields: Fields): string => {
    const { time = isoTime(nowMs), level, msg, ...more } = fields;
    const flat = new Map<string, string>();
    flatten(more, (name, text) => flat.set(printable(name), printable(text)));
    const [first = "", ...rest] = printable(msg).split("\n");
    const pairs = [...flat].filter(([name, value]) => isWorthShowing(name, value, msg));
    const head = [
      paint(DIM, time.slice(11, 23)),
      paint(COLOURS[level], level.toUpperCase().padEnd(5)),
      service.padEnd(SERVICE_WIDTH),
      first,
      ...pairs.map(([name, value]) => paint(DIM, `${name}=${value}`)),
    ].join(" ");
    const blocks = BLOCKS.flatMap((name) => flat.get(name)?.split("\n") ?? []);
    return `${[head, ...[...rest, ...blocks].map((line) => `    ${line}`)].join("\n")}\n`;
  };
}

function isWorthShowing(name: string, value: string, msg: string): boolean {
  if (QUIET.test(name) || BLOCKS.includes(name)) return false;
  // djinit's messages contain most of their fields already.
  return value.length <= MOST_VALUE_LENGTH && !value.includes("\n") && !msg.includes(value);
}

function printable(text: string): string {
  return text.replaceAll(CONTROLS, "\ufffd");
}
