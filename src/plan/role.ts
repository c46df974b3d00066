import type { Role } from "./plan.ts";

export interface Invocation {
  role: Role;
  /** For web: gunicorn's arguments. For worker and beat: see `celery`. For a command: the command itself. */
  words: string[];
  celery?: CeleryWords;
}

export interface CeleryWords {
  /** Options before the subcommand. */
  globals: string[];
  subcommand: string | undefined;
  /** What follows the subcommand. */
  rest: string[];
}

/** Options of `celery` itself that take the next word as their value. */
const CELERY_VALUE_OPTIONS = new Set([
  "-A",
  "--app",
  "-b",
  "--broker",
  "--result-backend",
  "--loader",
  "--config",
  "--workdir",
]);

const MODULE_AND_ATTRIBUTE = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\(.*\))?$/;

/** What the image's CMD asks for. */
export function readCommand(words: readonly string[]): Invocation {
  const [first] = words;
  if (first === undefined || first.startsWith("-") || MODULE_AND_ATTRIBUTE.test(first)) {
    return { role: "web", words: [...words] };
  }
  if (first === "gunicorn") return { role: "web", words: words.slice(1) };
  if (isRelease(words)) return { role: "release", words: [] };
  if (first !== "celery") return { role: "command", words: [...words] };
  const celery = splitCelery(words.slice(1));
  const role = celery.subcommand === "worker" || celery.subcommand === "beat" ? celery.subcommand : "command";
  return { role, words: [...words], celery };
}

/** With more words it is some program's own. */
export function isRelease(words: readonly string[]): boolean {
  return words[0] === "release" && words.length === 1;
}

function splitCelery(words: string[]): CeleryWords {
  let at = 0;
  while (at < words.length && (words[at] as string).startsWith("-")) {
    at += CELERY_VALUE_OPTIONS.has(words[at] as string) ? 2 : 1;
  }
  return { globals: words.slice(0, at), subcommand: words[at], rest: words.slice(at + 1) };
}
