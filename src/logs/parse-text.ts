import { addHttpFields } from "./parse-http.ts";
import { parseTaskMessage } from "./parse-task.ts";
import { type Fields, type Level, levelOf } from "./record.ts";

// gunicorn: [2026-11-24 02:30:58 +0000] [7] [INFO] Booting worker with pid: 9
const GUNICORN = /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] \[\d+\] \[[A-Z]+\] /;
const GUNICORN_PID_AT = "[2026-11-24 02:30:58 +0000] [".length;
// celery: [2026-11-24 02:30:58,123: INFO/MainProcess] Task …
const CELERY = /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}: [A-Z]+\/[^\]]+\] /;
const CELERY_LEVEL_AT = "[2026-11-24 02:30:58,123: ".length;

/** Heads of other lines; the named groups become fields, `level` is mapped and `msg` is what remains. */
const OTHERS: readonly RegExp[] = [
  // nginx: 2026/11/24 02:30:58 [error] 12#12: *1 connect() failed …
  /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[(?<level>[a-z]+)\] (?<pid>\d+)#\d+: (?<msg>.*)$/s,
  // nginx before it has read its files: nginx: [emerg] bind() to …
  /^nginx: \[(?<level>[a-z]+)\] (?<msg>.*)$/s,
  // Python's logging, time first: 2026-11-24 02:30:58,123 INFO django.server …
  /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)? \[?(?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL)\]?:? (?<msg>.*)$/s,
  // Python's logging, level first: WARNING:root:… or INFO django.server …
  /^(?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL)(?::\s*| +)(?<msg>.*)$/s,
];

// Colours and cursor movements, for a terminal that is not there.
const ANSI = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;
const WARNING = /\b[A-Z]\w+Warning: /;

/** A line of text: level, PID and message where its format is known; else the whole line is the message. */
export function parseTextLine(line: string, fallback: Level): Fields {
  const text = line.includes("\u001b") ? line.replaceAll(ANSI, "") : line;
  const fields = readHead(text) ?? {
    level: text.includes("Warning: ") && WARNING.test(text) ? "warn" : fallback,
    msg: text,
  };
  return addHttpFields(fields);
}

function readHead(text: string): Fields | undefined {
  if (text.charCodeAt(0) === 0x5b) return readGunicorn(text) ?? readCelery(text);
  for (const pattern of OTHERS) {
    const groups = pattern.exec(text)?.groups;
    const level = levelOf(groups?.["level"]);
    if (groups === undefined || level === undefined) continue;
    const { msg = "", pid } = groups;
    return pid === undefined ? { level, msg } : { level, msg, pid: Number(pid) };
  }
  return undefined;
}

function readGunicorn(text: string): Fields | undefined {
  if (!GUNICORN.test(text)) return undefined;
  const pidEnd = text.indexOf("]", GUNICORN_PID_AT);
  const levelEnd = text.indexOf("]", pidEnd + 1);
  const level = levelOf(text.slice(pidEnd + 3, levelEnd));
  if (level === undefined) return undefined;
  return { level, msg: text.slice(levelEnd + 2), pid: Number(text.slice(GUNICORN_PID_AT, pidEnd)) };
}

function readCelery(text: string): Fields | undefined {
  if (!CELERY.test(text)) return undefined;
  const levelEnd = text.indexOf("/", CELERY_LEVEL_AT);
  const processEnd = text.indexOf("]", levelEnd);
  const level = levelOf(text.slice(CELERY_LEVEL_AT, levelEnd));
  if (level === undefined) return undefined;
  const msg = text.slice(processEnd + 2);
  const process = text.slice(levelEnd + 1, processEnd);
  const task = parseTaskMessage(msg);
  return task === undefined ? { level, msg, process } : { level, msg, process, task };
}
