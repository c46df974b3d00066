import { loadConfig } from "../../src/config/load.ts";
import { parseProcfile } from "../../src/config/procfile.ts";
import type { Config } from "../../src/config/variables.ts";
import { draftPlan } from "../../src/plan/build-plan.ts";
import { completePlan } from "../../src/plan/complete-plan.ts";
import type { Plan, ServicePlan } from "../../src/plan/plan.ts";
import { type Resolved, resolveInvocation } from "../../src/plan/processes/resolve.ts";
import { readCommand } from "../../src/plan/role.ts";

/** The configuration these variables make. Errors: throws when one is bad. */
export function configOf(variables: Record<string, string> = {}): Config {
  const { config, problems } = loadConfig(variables);
  if (problems.length > 0) throw new Error(problems.map(({ problem }) => problem).join("; "));
  return config;
}

/** The plan for a CMD, its words separated by spaces. */
export function planOf(cmd: string, variables: Record<string, string> = {}, startedAsRoot = true): Plan {
  const nginx = {
    dump: "",
    globals: "daemon off;",
    daemonizes: false,
    variables: [],
    listens: [{ host: "0.0.0.0", port: 8000, onlyV6: false, holdable: true }],
  };
  const words = cmd === "" ? [] : cmd.split(" ");
  const { sources } = loadConfig(variables);
  const draft = draftPlan(readCommand(words), configOf(variables), { startedAsRoot, sources });
  return completePlan(draft, { nginx });
}

/** What a CMD means where a Procfile of that text lies in /app. */
export function resolvedOf(cmd: string, text: string, variables: Record<string, string> = {}): Resolved {
  const procfile = { path: "/app/Procfile", ...parseProcfile(text) };
  return resolveInvocation(cmd.split(" "), { ...loadConfig(variables), procfile });
}

/** One service of a plan. Errors: throws when there is none of that name. */
export function serviceOf({ services }: Plan, name: string): ServicePlan {
  const found = services.find((service) => service.name === name);
  if (found === undefined)
    throw new Error(`no service ${name} in ${services.map((service) => service.name)}`);
  return found;
}
