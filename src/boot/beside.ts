// A second djinit in the container, by `docker exec`. It runs a command as the first one would, and touches nothing of the
// first one's.
import { asDjinitError, DjinitError } from "../base/errors.ts";
import { refuseProblems } from "../config/problem.ts";
import type { OwnLog } from "../logs/write/own-log.ts";
import { draftPlan, findProblems } from "../plan/build-plan.ts";
import { forApplication, ofService } from "../plan/environment.ts";
import type { Role, ServicePlan } from "../plan/plan.ts";
import { resolveInvocation } from "../plan/processes/resolve.ts";
import { placePlan } from "../plan/run-directory.ts";
import { leaveSignalsToNextProgram } from "../platform/early-signals.ts";
import { findCommand } from "../platform/path-search.ts";
import { asService } from "../platform/service-argv.ts";
import { requireCeleryCommand, requireCommands, requireUsers } from "./commands.ts";
import { UNOBSERVED } from "./facts.ts";
import { findAppDirectoryProblems } from "./files/app-directory.ts";
import { giveHome } from "./files/own-home.ts";
import { findRunDirectory } from "./files/run-directory.ts";
import { loadGiven } from "./given.ts";
import { askVault } from "./vault/ask-vault.ts";

/** Signals end it, as they do any command. */
const NEVER = new AbortController().signal;
const SILENT: OwnLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const SERVERS: Partial<Record<Role, string>> = {
  web: "a web server",
  worker: "a celery worker",
  beat: "celery beat",
};

/** Becomes the command of `argv`, or ends the process with a documented status. */
export async function runBeside(argv: string[]): Promise<never> {
  try {
    return await becomeCommand(argv);
  } catch (thrown) {
    const error = asDjinitError(thrown);
    // For a person, as verbs do.
    console.error(`djinit: ${error.message} [${error.code}]\n${error.hint}`);
    process.exit(error.endStatus);
  }
}

async function becomeCommand(argv: string[]): Promise<never> {
  const loaded = loadGiven();
  const { environment, sources } = loaded;
  const { invocation, problems: unfit } = resolveInvocation(argv, loaded);
  const server = SERVERS[invocation.role];
  if (server !== undefined) {
    const text = `cannot start ${server} here: another djinit runs this container, and would lose its sockets`;
    throw new DjinitError("DJINIT_ALREADY_RUNNING", text);
  }
  // What it is lent ends by itself: nobody is left to give it back.
  await askVault(Object.assign(loaded, { log: SILENT, observer: UNOBSERVED, signal: NEVER }));
  const { config, problems } = loaded;
  const isRoot = process.getuid?.() === 0;
  const places = findAppDirectoryProblems(config, isRoot);
  refuseProblems([...problems, ...unfit, ...places, ...findProblems(invocation, config)]);
  const run = findRunDirectory();
  if (!isRoot) giveHome(environment, run);
  const plan = placePlan(draftPlan(invocation, config, { startedAsRoot: isRoot, sources }), run, true);
  const [command] = plan.services as [ServicePlan];
  requireUsers(plan);
  try {
    requireCommands(plan, environment, loaded.procfile);
    requireCeleryCommand(invocation);
  } catch (thrown) {
    throw asUsage(argv, asDjinitError(thrown));
  }
  become(command, environment, forApplication(environment, plan.bootOnly));
}

function asUsage(argv: readonly string[], { code, message }: DjinitError): DjinitError {
  if (code !== "DJINIT_UNKNOWN_COMMAND") return new DjinitError(code, message);
  const text = `cannot run \`djinit ${argv.join(" ")}\`: it is no verb, and ${message}`;
  return new DjinitError("DJINIT_BAD_USAGE", `${text}; usage: djinit VERB or djinit COMMAND [word...]`);
}

/** Terminal and stdio stay as they are. */
function become(command: ServicePlan, { PATH }: NodeJS.ProcessEnv, services: NodeJS.ProcessEnv): never {
  const { argv, cwd, user } = command;
  const env = ofService({ ...command, output: "inherit" }, services);
  const [program = "", ...rest] = argv;
  const found = findCommand(program, PATH, cwd) as string;
  const start = asService(user, [found, ...rest], env);
  process.chdir(cwd);
  leaveSignalsToNextProgram();
  process.execve?.(start.file, [start.file, ...start.args], start.env as Record<string, string>);
  throw new Error(`cannot become ${start.file}`);
}
