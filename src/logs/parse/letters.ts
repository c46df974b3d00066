// Formats whose level is one letter: tornado's, which flower and Jupyter have, and that of Google's C++ libraries, which
// write to stderr past Python's logging.

import type { Fields, Level } from "../record.ts";
import { fieldsOf } from "./message.ts";

// [W 261124 02:30:58 state:113] Substantial drift from celery@host
const TORNADO = /^\[([DIWEC]) \d{6} \d\d:\d\d:\d\d ([\w.<>-]{1,100}:\d+)\] /;
// E0000 00:00:1732663200.123456      12 file.cc:123] failed, and W1124 02:30:58.123456      12 file.cc:123] slow
const GOOGLE = /^([IWEF])\d{4} \d\d:\d\d:\d{2,10}\.\d{1,9} +(\d{1,7}) ([\w./-]{1,200}:\d+)\] /;

const LEVELS: Record<string, Level> = {
  D: "debug",
  I: "info",
  W: "warn",
  E: "error",
  C: "fatal",
  F: "fatal",
};

export function parseTornadoLine(text: string): Fields | undefined {
  const [head = "", letter = "", place = ""] = TORNADO.exec(text) ?? [];
  const level = LEVELS[letter];
  return level && fieldsOf({ level, origin: [place] }, text.slice(head.length));
}

/** The number before the place is a thread's. */
export function parseGoogleLine(text: string): Fields | undefined {
  const [head = "", letter = "", thread = "", place = ""] = GOOGLE.exec(text) ?? [];
  const level = LEVELS[letter];
  return level && fieldsOf({ level, origin: [thread, place] }, text.slice(head.length));
}
