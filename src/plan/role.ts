import { IMAGE_PYTHON_DIRECTORY } from "./paths.ts";
import type { Role } from "./plan.ts";
import { isWebServer, WEB_SERVERS, type WebServerName } from "./servers/table.ts";
import type { Surroundings } from "./words/celery-line.ts";
import { plainArgv, shellLine } from "./words/shell-line.ts";
import { splitWrapper } from "./words/wrappers.ts";

export interface Invocation {
  role: Role;
  /** For web: the server's arguments. For tasks: its worker's. For worker and beat: see `celery`. Else the command itself. */
  args: string[];
  celery?: CeleryArgs;
  /** For web: the server that the CMD names; undefined: gunicorn. */
  server?: WebServerName;
  /** For web: what stands before the server and becomes it. */
  wrapper?: string[];
  /** For web: the half of it that this container is. */
  half?: "nginx" | "application";
  /** The name of its service, if another than that of the role. */
  name?: string;
  /** For a process: a shell runs several programs, and all of them get the signals of a stop. */
  signalsGroup?: boolean;
  /** For a process. */
  stopSignal?: NodeJS.Signals;
  /** For web: processes that run in the same container. */
  beside?: BesideProcess[];
  /** For release: what the Procfile adds to it, for a shell. */
  releaseLine?: string;
}

export interface BesideProcess {
  name: string;
  count: number;
  invocation: Invocation;
}

export interface CeleryArgs {
  /** Options before the subcommand. */
  globals: string[];
  subcommand: string | undefined;
  /** What follows the subcommand. */
  rest: string[];
  /** In a line of the Procfile: what stands before it. */
  surroundings?: Surroundings;
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

/** Without an attribute gunicorn takes `application`; then only the usual names are told from those of programs. */
const APPLICATION = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*(\(.*\))?|\.[wa]sgi)$/;
const PYTHON = /^python(3(\.\d+)?)?$/;
const MODULES = ["gunicorn", "celery", ...WEB_SERVERS];
/** They serve nothing. */
const TELLS_ONLY = /^(--version|--help|-h)$/;

/** What the image's CMD asks for. */
export function readCommand(argv: readonly string[]): Invocation {
  const invocation = readWrapped(unwrap(argv));
  // A command runs in the words in which it is given.
  const isPlain = invocation.role === "command" && invocation.celery === undefined;
  return isPlain ? { role: "command", args: [...argv] } : invocation;
}

/** What an agent such as ddtrace-run becomes is the server or the celery that it would be without. */
function readWrapped(argv: readonly string[]): Invocation {
  const { wrapper, rest } = splitWrapper(argv);
  if (wrapper.length === 0) return readArgv(argv);
  const program = unwrap(rest);
  const inner = readArgv(program);
  // It has to be a program: there is none called `shop.wsgi`.
  if (inner.role === "web" && (program[0] === "gunicorn" || inner.server !== undefined))
    return { ...inner, wrapper };
  if (inner.celery === undefined || inner.role === "command") return { role: "command", args: [...argv] };
  return { ...inner, celery: { ...inner.celery, surroundings: { variables: {}, wrapper } } };
}

/** Without a shell that does nothing but run it, and `python -m`. */
function unwrap(given: readonly string[]): readonly string[] {
  const line = shellLine(given);
  const argv = (line === undefined ? undefined : plainArgv(line)) ?? given;
  const [program = ""] = argv;
  const at = argv[1] === "-u" ? 2 : 1;
  const [option, module = ""] = argv.slice(at);
  return PYTHON.test(withoutImagePath(program)) && option === "-m" && MODULES.includes(module)
    ? argv.slice(at + 1)
    : [withoutImagePath(program), ...argv.slice(1)].slice(0, argv.length);
}

/** The image's own programs come first on PATH. */
function withoutImagePath(program: string): string {
  const prefix = `${IMAGE_PYTHON_DIRECTORY}/`;
  return program.startsWith(prefix) ? program.slice(prefix.length) : program;
}

function readArgv(argv: readonly string[]): Invocation {
  const [first] = argv;
  if (first === undefined || first.startsWith("-") || APPLICATION.test(first)) {
    return { role: "web", args: [...argv] };
  }
  if (first === "gunicorn") return { role: "web", args: argv.slice(1) };
  if (isWebServer(first) && !argv.some((word) => TELLS_ONLY.test(word)))
    return { role: "web", args: argv.slice(1), server: first };
  if (isRelease(argv)) return { role: "release", args: [] };
  if (isTasks(argv)) return { role: "tasks", args: argv.slice(1) };
  if (first !== "celery") return { role: "command", args: [...argv] };
  const celery = splitCelery(argv.slice(1));
  const { subcommand } = celery;
  if (subcommand === "flower") return { role: "process", name: subcommand, args: [...argv], celery };
  const role = subcommand === "worker" || subcommand === "beat" ? subcommand : "command";
  return { role, args: [...argv], celery };
}

/** `release` with arguments is a program of the user's. */
export function isRelease(argv: readonly string[]): boolean {
  return argv[0] === "release" && argv.length === 1;
}

/** Only with options of the worker's: another word makes it a program of the user's. */
function isTasks([first, second]: readonly string[]): boolean {
  return first === "tasks" && (second === undefined || second.startsWith("-"));
}

function splitCelery(args: string[]): CeleryArgs {
  let at = 0;
  while (at < args.length && (args[at] as string).startsWith("-")) {
    at += CELERY_VALUE_OPTIONS.has(args[at] as string) ? 2 : 1;
  }
  return { globals: args.slice(0, at), subcommand: args[at], rest: args.slice(at + 1) };
}
