import type { Problem } from "../config/problem.ts";
import type { Config } from "../config/variables.ts";
import type { NginxFacts } from "./nginx.ts";
import { PROMETHEUS_DIRECTORY } from "./paths.ts";
import type { AdminPlan } from "./plan.ts";
import type { Invocation } from "./role.ts";

/** Metrics, probes and their address. A command of the user's own has no admin port: it may need that port itself. */
export function planAdmin({ half, role }: Invocation, config: Config): AdminPlan {
  const hosts = config.metricsHosts ?? config.allowedHosts ?? config.djangoAllowedHosts;
  return {
    port: role === "command" ? 0 : config.adminPort,
    ...(config.adminAddress === undefined ? {} : { address: config.adminAddress }),
    nginxProbes: role === "web" && half !== "application" && config.nginxProbes,
    ...(hosts === undefined ? {} : { metricsHosts: splitHosts(hosts) }),
    prometheusDirectory:
      config.prometheusDirectory ?? config.prometheusDirectoryToday ?? PROMETHEUS_DIRECTORY,
  };
}

/** nginx and the admin port cannot share a port: the second one would not start. */
export function findPortProblem(
  { port }: AdminPlan,
  nginx: Pick<NginxFacts, "listens"> | undefined,
): Problem[] {
  if (port === 0 || !nginx?.listens.some((listen) => listen.port === port)) return [];
  const problem = `DJINIT_ADMIN_PORT is ${port}, where nginx is to listen: give it another port, or 0 for none`;
  return [{ variable: "DJINIT_ADMIN_PORT", value: String(port), problem }];
}

/** `a.com,.b.com`, `a.com b.com` and `["a.com", "b.com"]` are all in use. */
function splitHosts(text: string): string[] {
  return text
    .replace(/^\[(?=["'])|(?<=["'])\]$/g, "")
    .split(/[\s,;"']+/)
    .filter((host) => host !== "")
    .map((host) => host.toLowerCase());
}
