// What an entry of the Procfile asks for: one of djinit's own roles, or a process of the project's own.
import type { ProcfileEntry } from "../../config/procfile.ts";
import { type CeleryArgs, type Invocation, readCommand } from "../role.ts";
import { readCeleryLine } from "../words/celery-line.ts";
import { withValues } from "../words/plain-variables.ts";
import { plainArgv } from "../words/shell-line.ts";
import { commandOfLine } from "./line.ts";
import { stopSignalOf } from "./stop-signal.ts";
import { readWebLine } from "./web-line.ts";

/** What a platform tells its web server. Here nginx listens. */
const BIND_TO_PORT = /\s(?:-b|--bind)[\s=]+(["']?)[\w.[\]:]*:\$(?:PORT|\{PORT(?::?-\d+)?\})\1(?=\s|$)/g;
const PORT = { PORT: "8000" };

/** gunicorn, celery and the worker of Django's tasks are told by the words that a CMD may have. */
export function readEntry(entry: ProcfileEntry, environment: NodeJS.ProcessEnv): Invocation {
  const line = entry.name === "web" ? readWebLine(entry.command) : undefined;
  const served = line && readCommands({ ...entry, command: line.command }, environment);
  return served?.role === "web" ? served : readCommands(entry, environment);
}

function readCommands({ name, command }: ProcfileEntry, environment: NodeJS.ProcessEnv): Invocation {
  const line = withValues(command.replaceAll(BIND_TO_PORT, ""), { ...PORT, ...environment });
  const celeryLine = readCeleryLine(line ?? "");
  if (celeryLine !== undefined) return asCelery(name, celeryLine);
  const words = plainArgv(line ?? "");
  const known = words && readCommand(words);
  if (known?.role === "web") return known;
  if (known?.role === "tasks") return { ...known, name };
  const { argv, signalsGroup } = commandOfLine(command);
  return { role: "process", name, args: argv, signalsGroup, stopSignal: stopSignalOf(command) };
}

function asCelery(
  name: string,
  { argv, surroundings }: NonNullable<ReturnType<typeof readCeleryLine>>,
): Invocation {
  const { celery, role, ...known } = readCommand(argv);
  const { directory, variables, wrapper } = surroundings;
  const isPlain = directory === undefined && wrapper.length === 0 && Object.keys(variables).length === 0;
  return {
    ...known,
    role: role === "command" ? "process" : role,
    name,
    celery: { ...(celery as CeleryArgs), ...(isPlain ? {} : { surroundings }) },
  };
}
