// Options that send a server into the background. PID 1 would see it end, and start another one.
import type { Problem } from "../config/problem.ts";
import type { Config } from "../config/variables.ts";
import type { CeleryArgs, Invocation } from "./role.ts";

/** Options of celery's subcommands that take no value, in long and in short. */
const CELERY_FLAGS =
  /^--(detach|task-events|events|purge|discard|beat|enable-remote-control|(disable|without)-[a-z]+|help)$/;
const CELERY_SHORT_FLAGS = "DEB";
/** gunicorn accepts an abbreviated option while the abbreviation is unambiguous. */
const GUNICORN_DAEMON = /^(--da(e|em|emo|emon)?|-R*DR*)$/;
/** `celery multi` does nothing else. */
const MULTI_STARTS = ["start", "restart"];

/** Options in CMD and GUNICORN_CMD_ARGS that detach a server from PID 1. */
export function findDaemonProblems({ role, args, celery, server }: Invocation, config: Config): Problem[] {
  if (celery !== undefined) return celeryProblems(celery);
  // Another server gets no such option: servers/table.ts.
  if (role !== "web" || server !== undefined) return [];
  const remedy = "remove it: gunicorn runs beside nginx, and PID 1 keeps it running";
  const variableArgs = splitWords(config.gunicornArguments ?? "");
  return [
    ...problemOf("CMD", args.find(isGunicornDaemon), "gunicorn", remedy),
    ...problemOf("GUNICORN_CMD_ARGS", variableArgs.find(isGunicornDaemon), "gunicorn", remedy),
  ];
}

function celeryProblems({ subcommand, rest }: CeleryArgs): Problem[] {
  if (subcommand === "multi" && rest.some((word) => MULTI_STARTS.includes(word))) {
    const remedy = 'write CMD ["celery", "worker"], and give each worker a container of its own';
    return problemOf("CMD", "celery multi", "its workers", remedy);
  }
  const remedy = "remove it: PID 1 keeps the process running, and the container ends with it";
  return problemOf("CMD", findFlag(rest, "D", "--detach"), `celery ${subcommand}`, remedy);
}

function problemOf(variable: string, value: string | undefined, what: string, remedy: string): Problem[] {
  if (value === undefined) return [];
  const problem = `${variable} has \`${value}\`, which puts ${what} into the background: ${remedy}`;
  return [{ variable, value, problem }];
}

/**
 * The word with one of celery's options that take no value. As click reads them: `-EBD` is three options, and what follows one with
 * a value belongs to it.
 */
export function findFlag(args: readonly string[], letter: string, long: string): string | undefined {
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] as string;
    if (word === "--") return undefined;
    if (word === long) return word;
    if (word.startsWith("--")) {
      if (!word.includes("=") && !CELERY_FLAGS.test(word)) at += 1;
    } else if (word.startsWith("-")) {
      const flags = [...word.slice(1)];
      const valueAt = flags.findIndex((flag) => !CELERY_SHORT_FLAGS.includes(flag));
      if (flags.slice(0, valueAt === -1 ? flags.length : valueAt).includes(letter)) return word;
      if (valueAt === flags.length - 1) at += 1;
    }
  }
  return undefined;
}

function isGunicornDaemon(word: string): boolean {
  return GUNICORN_DAEMON.test(word);
}

/** Splits as a shell does, without escapes. */
function splitWords(text: string): string[] {
  return [...text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replaceAll(/["']/g, ""));
}
