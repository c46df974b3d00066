import { type Fields, type Level, levelOf } from "./record.ts";

/** Heads of log lines; the named groups become fields, `level` is mapped and `msg` is what remains. */
const FORMATS: readonly RegExp[] = [
  // gunicorn: [2026-11-24 02:30:58 +0000] [7] [INFO] Booting worker with pid: 9
  /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] \[(?<pid>\d+)\] \[(?<level>[A-Z]+)\] (?<msg>.*)$/s,
  // celery: [2026-11-24 02:30:58,123: INFO/MainProcess] Task …
  /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}: (?<level>[A-Z]+)\/(?<process>[^\]]+)\] (?<msg>.*)$/s,
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

/** A line of text: level, PID and message where its format is known; else the whole line is the message. */
export function parseTextLine(line: string, fallback: Level): Fields {
  const text = line.includes("\u001b") ? line.replaceAll(ANSI, "") : line;
  for (const pattern of FORMATS) {
    const groups = pattern.exec(text)?.groups;
    const level = levelOf(groups?.["level"]);
    if (groups === undefined || level === undefined) continue;
    const { msg = "", pid, process } = groups;
    return { level, msg, ...(pid ? { pid: Number(pid) } : {}), ...(process ? { process } : {}) };
  }
  return { level: /\b[A-Z]\w+Warning: /.test(text) ? "warn" : fallback, msg: text };
}
