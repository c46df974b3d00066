// A command of one's own that is a server after all, in words that djinit does not take for one: it gets no nginx and no boot.
import type { Problem } from "../../config/problem.ts";
import type { Config } from "../../config/variables.ts";
import type { Invocation } from "../role.ts";
import { isWebServer } from "../servers/table.ts";
import { guessApplication } from "./guess-application.ts";
import { shellLine } from "./shell-line.ts";

const WEB_SERVER = /^(gunicorn|uvicorn|daphne|hypercorn|granian|uwsgi|waitress-serve)$/;
const APPLICATION = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\.[wa]sgi|:[A-Za-z_]\w*(\(.*\))?)$/;
const MANAGEMENT = /^(manage\.py|django-admin|django)$/;
const DEVELOPMENT_SERVER = /^runserver(_plus)?$/;
/** Of a shell: where another command begins. */
const NEXT_COMMAND = /&&|\|\||[;&|\n()]/;
/** What may stand before a command without being one. */
const BEFORE_COMMAND = /^(exec|env|-m|-u|python[\d.]*|\w+=.*)$/;

/** A sentence about it; none where DJINIT_MIGRATIONS says that somebody has thought about it. */
export function findServerCommand({ role, args, celery }: Invocation, config: Config): Problem[] {
  if (role !== "command" || celery !== undefined || config.migrations !== undefined) return [];
  const line = shellLine(args);
  const commands = line === undefined ? [[...args]] : line.split(NEXT_COMMAND).map(wordsOf);
  for (const words of commands) {
    const server = serverIn(words);
    if (server === undefined) continue;
    const how = line === undefined ? "the CMD starts" : "the CMD is a line for a shell, which starts";
    const runs = `${how} ${server} as a plain command: without ${lost(server)}`;
    const write = `write CMD ${instead(server, words, config)}, or set DJINIT_MIGRATIONS=skip if this is meant`;
    return [{ variable: "CMD", problem: `${runs}; ${write}` }];
  }
  return [];
}

function lost(server: string): string {
  const steps = "the steps before the start (waiting for the database, migrate)";
  return server.startsWith("celery") ? `${steps} and the checks of its health` : `nginx and ${steps}`;
}

function instead(server: string, words: readonly string[], config: Config): string {
  if (server.startsWith("celery")) return `["celery", "${server.split(" ")[1]}"]`;
  const given = words.find((word) => APPLICATION.test(word));
  if (isWebServer(server)) return `["${server}", "${given ?? guessApplication(config, server)}"]`;
  const application = given ?? guessApplication(config);
  return application.includes("asgi") ? `["${application}", "--worker-class", "asgi"]` : `["${application}"]`;
}

/** Its name. */
function serverIn(words: readonly string[]): string | undefined {
  const names = words.map((word) => word.slice(word.lastIndexOf("/") + 1));
  const start = names.findIndex((name) => !BEFORE_COMMAND.test(name));
  for (const [at, name] of names.entries()) {
    const rest = names.slice(at + 1);
    // Elsewhere in the line it may be the name of a package: there it takes an application to be started.
    const isStarted = at === start || rest.some((word) => APPLICATION.test(word));
    if (WEB_SERVER.test(name) && isStarted) return name;
    const role = rest.find((word) => word === "worker" || word === "beat");
    if (name === "celery" && role !== undefined) return `celery ${role}`;
    if (MANAGEMENT.test(name) && DEVELOPMENT_SERVER.test(names[at + 1] ?? ""))
      return `Django's development server`;
  }
  return undefined;
}

function wordsOf(command: string): string[] {
  return command.split(/[\s"'<>]+/).filter((word) => word !== "");
}
