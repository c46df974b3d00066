// CMD, DJINIT_PROCESSES and the Procfile together say what a container runs.
import type { Loaded } from "../../config/load.ts";
import { RELEASE_LINE, SERVICES } from "../../config/log-types.ts";
import type { Problem } from "../../config/problem.ts";
import type { Procfile, ProcfileEntry } from "../../config/procfile.ts";
import { type Invocation, readCommand } from "../role.ts";
import { mentionsCelery } from "../words/celery-line.ts";
import { isPlainMigrate } from "../words/schema-command.ts";
import { readEntry } from "./entries.ts";
import { suffixOf } from "./health.ts";
import { noteOf, readWebLine } from "./web-line.ts";

export interface Resolved {
  invocation: Invocation;
  problems: Problem[];
  warnings: Problem[];
  /** What a reader of the Procfile may not expect. */
  notes: Problem[];
}

/** Words of a CMD that are djinit's own, and the services that it may have itself. */
const OWN_WORDS = [
  "celery",
  "supervise",
  "status",
  "health",
  "migrations",
  "manifest",
  "config",
  "version",
  "help",
];
const OWN_NAMES = [...OWN_WORDS, ...SERVICES];

/** What variables of single entries are not for. */
const OWN_ROLES = ["WEB", "RELEASE"];

/** Roles of djinit's, that a CMD asks for in two words. */
const CELERY_NAMES = ["worker", "beat"];

export type Given = Pick<Loaded, "config" | "environment" | "procfile">;

/** What `argv` means where that Procfile lies. */
export function resolveInvocation(argv: readonly string[], given: Given): Resolved {
  const { procfile } = given;
  const resolved: Resolved = { invocation: readCommand(argv), problems: [], warnings: [], notes: [] };
  const { role, celery } = resolved.invocation;
  const [word = ""] = argv;
  // Every other word is djinit's already; an entry called `tasks` says which worker that is.
  const named =
    (role === "command" || role === "tasks") && celery === undefined && argv.length === 1 ? word : undefined;
  const entry = procfile.entries.find(({ name }) => name === named);
  if (entry !== undefined) take(resolved, entry, given);
  if (role === "release") addRelease(resolved, given);
  if (resolved.invocation.role === "web") addHalf(resolved, given);
  const isFaulty = procfile.problems.some(({ value }) => value !== undefined && value === named);
  const isUsed = entry !== undefined || role === "release" || (resolved.invocation.beside ?? []).length > 0;
  if (isUsed || isFaulty || resolved.problems.length > 0) resolved.problems.unshift(...procfile.problems);
  if (isUsed) resolved.notes.push(...ownNames(procfile));
  resolved.warnings.push(...findLostVariables(given));
  return resolved;
}

function addRelease(resolved: Resolved, { config, procfile }: Given): void {
  const entry = procfile.entries.find(({ name }) => name === RELEASE_LINE);
  if (entry === undefined) return;
  const { command: releaseLine, lineNumber } = entry;
  const migrates = config.migrations === undefined ? !config.skipMigrations : config.migrations === "run";
  if (!migrates || !isPlainMigrate(releaseLine))
    resolved.invocation = { ...resolved.invocation, releaseLine };
  else {
    const problem = `Procfile line ${lineNumber}: "release" only migrates, which is a step of djinit's: it is not run again`;
    resolved.notes.push({ variable: "Procfile", problem });
  }
}

function take(resolved: Resolved, entry: ProcfileEntry, { config, environment }: Given): void {
  const { name, lineNumber } = entry;
  const invocation = readEntry(entry, environment);
  const at = `Procfile line ${lineNumber}`;
  if (OWN_NAMES.includes(name)) {
    const problem = `${at}: ${JSON.stringify(name)} is a name of djinit's own: give the entry another`;
    resolved.problems.push({ variable: "Procfile", problem });
  } else if (name === "web" && invocation.role !== "web") {
    const problem = `${at}: "web" is djinit's own role, and this line is not a web server's alone: it is not run; write it as \`web: gunicorn project.wsgi\``;
    resolved.invocation = { role: "web", args: [] };
    resolved.notes.push({ variable: "Procfile", problem });
  } else resolved.invocation = invocation;
  const before = name === "web" && invocation.role === "web" ? readWebLine(entry.command) : undefined;
  if (before !== undefined)
    resolved.notes.push({ variable: "Procfile", problem: `${at}: ${noteOf(before.steps, config)}` });
  addUnseenCelery(resolved, entry, invocation);
  if (CELERY_NAMES.includes(name) && invocation.celery === undefined && !mentionsCelery(entry.command)) {
    const problem = `${at}: ${JSON.stringify(name)} is not celery's, as its line does not begin with celery: it runs as a process of the project's own`;
    resolved.notes.push({ variable: "Procfile", problem });
  }
}

/** What a celery lacks that djinit cannot tell from another program, and what its own signal would change. */
function addUnseenCelery(
  resolved: Resolved,
  { name, command, lineNumber }: ProcfileEntry,
  invocation: Invocation,
) {
  const at = `Procfile line ${lineNumber}: ${JSON.stringify(name)}`;
  const variables = invocation.celery?.surroundings?.variables ?? {};
  if (variables["REMAP_SIGTERM"] === "SIGQUIT") {
    const problem = `${at} has REMAP_SIGTERM=SIGQUIT: a stop cuts the tasks under way; without it they are finished first, within DJINIT_GRACE_PERIOD`;
    resolved.notes.push({ variable: "Procfile", problem });
  }
  if (invocation.role !== "process" || invocation.celery !== undefined || !mentionsCelery(command)) return;
  const lost = invocation.signalsGroup ? "; a stop reaches its pool too, and loses the tasks under way" : "";
  const problem = `${at} runs celery in a way that djinit does not see: one that is stuck counts as alive, and what its tasks do is not known${lost}; write an entry of its own that is one command, such as \`${name}: celery -A PROJECT worker\``;
  resolved.warnings.push({ variable: "Procfile", problem });
}

/** Whatever runs beside web runs beside the application. */
function addHalf(resolved: Resolved, given: Given): void {
  const half = given.config.web;
  if (half === "nginx") resolved.invocation = { role: "web", args: [], half };
  else addBeside(resolved, given);
  if (half === "application") resolved.invocation = { ...resolved.invocation, half };
}

function addBeside(resolved: Resolved, { config, environment, procfile }: Given): void {
  const variable = "DJINIT_PROCESSES";
  const beside: Invocation["beside"] = [];
  for (const { name, count } of config.processes ?? []) {
    const entry = procfile.entries.find((it) => it.name === name);
    const invocation = entry && readEntry(entry, environment);
    const wrong = problemOf(name, invocation, procfile);
    if (wrong !== undefined)
      resolved.problems.push({ variable, value: name, problem: `${variable} names ${wrong}` });
    else if (count > 0) {
      beside.push({ name, count, invocation: invocation as Invocation });
      addUnseenCelery(resolved, entry as ProcfileEntry, invocation as Invocation);
    }
  }
  if (beside.length > 0) resolved.invocation = { ...resolved.invocation, beside };
}

function problemOf(name: string, invocation: Invocation | undefined, procfile: Procfile): string | undefined {
  const quoted = JSON.stringify(name);
  if (invocation === undefined)
    return `${quoted}, which is no entry of ${procfile.path}: ${listed(procfile)}`;
  if (invocation.role === "web")
    return `${quoted}, which is a web server: one serves in this container already; give it a container of its own, with CMD [${quoted}]`;
  if (OWN_NAMES.includes(name)) return `${quoted}, which is a name of djinit's own: give the entry another`;
  return undefined;
}

function listed({ entries }: Procfile): string {
  return entries.length === 0 ? "there is none" : `it has ${entries.map(({ name }) => name).join(", ")}`;
}

function ownNames({ entries }: Procfile): Problem[] {
  return entries
    .filter(({ name }) => name !== RELEASE_LINE && OWN_NAMES.includes(name))
    .map(({ name, lineNumber }) => {
      const problem = `Procfile line ${lineNumber}: ${JSON.stringify(name)} keeps the meaning that it has to djinit; the line is not run`;
      return { variable: "Procfile", problem };
    });
}

/** Variables of single entries, for no entry at all. */
function findLostVariables({ config, procfile }: Given): Problem[] {
  const known = procfile.entries.map(({ name }) => suffixOf(name));
  const given = [
    ...Object.keys(config.healthCommands).map((suffix) => ["DJINIT_HEALTH_", suffix] as const),
    ...Object.keys(config.stopSignals).map((suffix) => ["DJINIT_STOP_SIGNAL_", suffix] as const),
  ];
  return given
    .filter(([, suffix]) => !known.includes(suffix) || OWN_ROLES.includes(suffix))
    .map(([prefix, suffix]) => {
      const variable = `${prefix}${suffix}`;
      if (known.includes(suffix)) {
        const problem = `${variable} has no effect: ${suffix.toLowerCase()} is djinit's own role, not a process of the Procfile's`;
        return { variable, problem };
      }
      return { variable, problem: `${variable} is for no entry of ${procfile.path}: ${listed(procfile)}` };
    });
}
