import { DjinitError } from "../base/errors.ts";
import { refuseProblems } from "../config/problem.ts";
import { PROCESS_NAME, type Procfile } from "../config/procfile.ts";
import { WEB_SERVER_LAUNCHER } from "../plan/paths.ts";
import type { Plan } from "../plan/plan.ts";
import type { Invocation } from "../plan/role.ts";
import { isWebServer } from "../plan/servers/table.ts";
import { hasPrograms, splitWrapper } from "../plan/words/wrappers.ts";
import { findAccount } from "../platform/credentials.ts";
import { findCommands } from "../platform/path-search.ts";
import { findInterpreterProblem } from "../platform/script-interpreter.ts";

const CELERY_ROLES = ["worker", "beat"] as const;

/** Errors: DJINIT_UNKNOWN_COMMAND when a program the plan starts is not in the image, or is a script that nothing can run. */
export function requireCommands(
  { services }: Plan,
  environment: NodeJS.ProcessEnv,
  procfile: Procfile,
): void {
  for (const { argv, cwd } of services) {
    for (const command of programsOf(argv)) {
      const fields = { command, path: environment["PATH"] };
      const refuse = (text: string): never => {
        throw new DjinitError("DJINIT_UNKNOWN_COMMAND", text, { fields });
      };
      const files = findCommands(command, environment["PATH"], cwd);
      if (files.length === 0)
        refuse(`cannot find command ${JSON.stringify(command)}${suggestion(command, procfile)}`);
      const problems = files.map(findInterpreterProblem);
      if (!problems.includes(undefined)) refuse(`cannot run ${files[0]}: ${problems[0]}`);
    }
  }
}

/** Also what an agent becomes, if it is to become anything. A web server's own program is not started, but it is there where the server is installed. */
function programsOf(argv: readonly string[]): string[] {
  const { wrapper, rest } = splitWrapper(argv);
  const [command = "", launcher, server = ""] = rest;
  if (wrapper.length > 0 && (rest.length === 0 || hasPrograms(wrapper))) return wrapper.slice(0, 1);
  return [...wrapper.slice(0, 1), command, ...(launcher === WEB_SERVER_LAUNCHER ? [server] : [])];
}

/** Errors: DJINIT_UNKNOWN_COMMAND for a misspelt role, which celery would call a usage error. */
export function requireCeleryCommand({ celery }: Invocation): void {
  const given = celery?.subcommand;
  // Another name may be a plugin's command.
  const meant = CELERY_ROLES.find((role) => given !== undefined && given !== role && isSlipOf(given, role));
  if (meant === undefined) return;
  const text = `cannot find celery command ${JSON.stringify(given)}; did you mean \`celery ${meant}\`?`;
  throw new DjinitError("DJINIT_UNKNOWN_COMMAND", text, { fields: { command: `celery ${given}` } });
}

/** Errors: DJINIT_BAD_CONFIGURATION when the image has no such user; only DJINIT_COMMAND_USER can name one. */
export function requireUsers({ services }: Plan): void {
  for (const { user } of services) {
    if (user === undefined) continue;
    try {
      findAccount(user);
    } catch (error) {
      const problem = `DJINIT_COMMAND_USER is ${JSON.stringify(user)}: ${(error as Error).message}`;
      refuseProblems([{ variable: "DJINIT_COMMAND_USER", value: user, problem }]);
    }
  }
}

function suggestion(command: string, { path, entries }: Procfile): string {
  if (command === "celery" || isWebServer(command))
    return `: ${command} is not installed; add it to the application's requirements`;
  if (command === "gunicorn")
    return ": gunicorn is not in the environment that comes first on PATH; add it to the application's requirements";
  if (command === "worker" || command === "beat") return `; did you mean \`celery ${command}\`?`;
  if (entries.length > 0 && PROCESS_NAME.test(command))
    return `; ${path} has ${entries.map(({ name }) => name).join(", ")}`;
  if (/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$/.test(command)) return `; did you mean ${command}:application?`;
  if (/^[A-Za-z_][\w.-]*:/.test(command)) return ": it is no `package.module:attribute` either";
  return "";
}

/** One letter wrong, missing or too many, or two letters swapped. */
function isSlipOf(given: string, meant: string): boolean {
  const shorter = Math.min(given.length, meant.length);
  let start = 0;
  while (start < shorter && given[start] === meant[start]) start += 1;
  let end = 0;
  while (end < shorter - start && given.at(-1 - end) === meant.at(-1 - end)) end += 1;
  const [wrong, right] = [given, meant].map((word) => word.slice(start, word.length - end)) as [
    string,
    string,
  ];
  if (wrong.length <= 1 && right.length <= 1) return true;
  return wrong.length === 2 && wrong === `${right[1]}${right[0]}`;
}
