// Which lines of the log somebody wants to see.

const LEVELS = ["debug", "info", "warn", "error", "fatal"] as const;
export type LevelName = (typeof LEVELS)[number];

export interface LogFilter {
  service: string | undefined;
  /** This level and those above it. */
  level: LevelName | undefined;
}

export function isLevel(word: string): word is LevelName {
  return (LEVELS as readonly string[]).includes(word);
}

export const LEVEL_NAMES = LEVELS.join(", ");

/** How a line begins in the formats for programs and people that are not JSON (DJINIT_LOG_FORMAT). */
const HEADS = [
  /^time=\S+ level=(?<level>\w+) service=(?<service>\S+)/,
  /^\d\d:\d\d:\d\d\.\d{3} (?<level>[A-Z]+) +(?<service>\S+)/,
];
const COLOURS = /\u001b\[[0-9;]*m/g;
/** A traceback or a hint below its record, in the format for people. */
const CONTINUATION = /^ {4}/;

/** Whether a line of the log is to be shown; asked of each in turn, since some belong to the one before them. */
export function lineFilter({ service, level }: LogFilter): (line: string) => boolean {
  let shown = false;
  return (line) => {
    const head = readHead(line);
    if (head === undefined) {
      if (!CONTINUATION.test(line)) shown = service === undefined && level === undefined;
      return shown;
    }
    const isHigh = level === undefined || LEVELS.indexOf(head.level as LevelName) >= LEVELS.indexOf(level);
    shown = isHigh && (service === undefined || head.service === service);
    return shown;
  };
}

function readHead(line: string): { service: string; level: string } | undefined {
  if (line.startsWith("{")) {
    try {
      return JSON.parse(line) as { service: string; level: string };
    } catch {
      return undefined;
    }
  }
  const plain = line.replaceAll(COLOURS, "");
  for (const pattern of HEADS) {
    const { level, service } = pattern.exec(plain)?.groups ?? {};
    if (level !== undefined && service !== undefined) return { level: level.toLowerCase(), service };
  }
  return undefined;
}
