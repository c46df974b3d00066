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

/** Whether a line of the log is to be shown. */
export function matches(line: string, { service, level }: LogFilter): boolean {
  const head = readHead(line);
  if (head === undefined) return service === undefined && level === undefined;
  if (service !== undefined && head.service !== service) return false;
  return level === undefined || LEVELS.indexOf(head.level as LevelName) >= LEVELS.indexOf(level);
}

function readHead(line: string): { service: unknown; level: unknown } | undefined {
  try {
    return JSON.parse(line) as { service: unknown; level: unknown };
  } catch {
    return undefined;
  }
}
