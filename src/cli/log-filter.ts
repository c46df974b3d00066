// Selects lines of the log, in any of its formats.
import { LEVELS, type Level } from "../base/log-level.ts";
import { groupOf } from "../plan/processes/group.ts";

export interface LogFilter {
  /** Of several services the name of them all. */
  service: string | undefined;
  /** This level and those above it. */
  level: Level | undefined;
}

export function isLevel(word: string): word is Level {
  return (LEVELS as readonly string[]).includes(word);
}

interface Head {
  service: unknown;
  level: unknown;
}

const LOGFMT = /^time=\S+ level=(?<level>\w+) service=(?<service>\S+)/;
/** For a terminal, which may have colours: 03:12:53.738 INFO  gunicorn      Booting worker… */
const PRETTY = /^\d\d:\d\d:\d\d\.\d{3} (?<level>[A-Z]+) +(?<service>\S+)/;
const COLOURS = /\u001b\[[0-9;]*m/g;

/** Returns for each line, in order, whether to show it. The lines after a record's first one belong to the record. */
export function lineFilter(filter: LogFilter): (line: string) => boolean {
  const wantsAll = filter.service === undefined && filter.level === undefined;
  let shown = wantsAll;
  return (line) => {
    const head = readHead(line);
    if (head !== undefined) shown = matches(head, filter);
    return shown;
  };
}

function matches({ service, level }: Head, filter: LogFilter): boolean {
  if (
    filter.service !== undefined &&
    service !== filter.service &&
    groupOf(String(service)) !== filter.service
  )
    return false;
  return filter.level === undefined || LEVELS.indexOf(level as Level) >= LEVELS.indexOf(filter.level);
}

function readHead(line: string): Head | undefined {
  if (line.startsWith("{")) {
    try {
      return JSON.parse(line) as Head;
    } catch {
      return undefined;
    }
  }
  const { level, service } = (LOGFMT.exec(line) ?? PRETTY.exec(line.replaceAll(COLOURS, "")))?.groups ?? {};
  return level === undefined ? undefined : { level: level.toLowerCase(), service };
}
