import type { Role } from "./plan.ts";

export interface Invocation {
  role: Role;
  /** For web: gunicorn's arguments. For worker and beat: see `celery`. For a command: the command itself. */
  args: string[];
  celery?: CeleryArgs;
}

export interface CeleryArgs {
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
export function readCommand(argv: readonly string[]): Invocation {
  const [first] = argv;
  if (first === undefined || first.startsWith("-") || MODULE_AND_ATTRIBUTE.test(first)) {
    return { role: "web", args: [...argv] };
  }
  if (first === "gunicorn") return { role: "web", args: argv.slice(1) };
  if (isRelease(argv)) return { role: "release", args: [] };
  if (first !== "celery") return { role: "command", args: [...argv] };
  const celery = splitCelery(argv.slice(1));
  const role = celery.subcommand === "worker" || celery.subcommand === "beat" ? celery.subcommand : "command";
  return { role, args: [...argv], celery };
}

/** With more arguments it is some program's own. */
export function isRelease(argv: readonly string[]): boolean {
  return argv[0] === "release" && argv.length === 1;
}

function splitCelery(args: string[]): CeleryArgs {
  let at = 0;
  while (at < args.length && (args[at] as string).startsWith("-")) {
    at += CELERY_VALUE_OPTIONS.has(args[at] as string) ? 2 : 1;
  }
  return { globals: args.slice(0, at), subcommand: args[at], rest: args.slice(at + 1) };
}
