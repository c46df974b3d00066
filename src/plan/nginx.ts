import { identityOf } from "./environment.ts";
import { NGINX_USER } from "./paths.ts";
import type { ServicePlan } from "./plan.ts";

/** What the configuration itself says, as `nginx -T` dumps it. */
export interface NginxFacts {
  /** Global directives to give on the command line: only those that the files do not have already. */
  globals: string;
  ports: number[];
}

export function planNginx({ globals, ports }: NginxFacts): ServicePlan {
  return {
    name: "nginx",
    argv: nginxCommand(globals),
    cwd: "/",
    user: NGINX_USER,
    environment: identityOf(NGINX_USER),
    after: ["gunicorn"],
    readiness: { kind: "tcp", ports },
    restart: "always",
    stopSignal: "SIGQUIT", // drains; TERM would cut requests off
    fastStopSignal: "SIGTERM",
    reload: "SIGHUP",
    forwards: [],
    fatalStatuses: [],
    output: "relay",
  };
}

/** `-e stderr`: before it has read its files nginx would open a log file that user nginx may not. */
export function nginxCommand(globals: string, ...more: string[]): string[] {
  return ["nginx", "-e", "stderr", ...(globals === "" ? [] : ["-g", globals]), ...more];
}

/** Reads the facts from the dump of `nginx -T`. */
export function readNginxDump(dump: string): NginxFacts {
  const code = dump.replaceAll(/#.*$/gm, "");
  const ports = new Set<number>();
  for (const [, address = ""] of code.matchAll(/(?:^|[\s;{}])listen\s+([^\s;]+)/g)) {
    if (address.startsWith("unix:")) continue;
    const port = Number(/(\d+)$/.exec(address.replace(/^\[.*\](?!:)/, ""))?.[1] ?? "80");
    ports.add(port);
  }
  const globals = /(?:^|[\s;{}])daemon\s+(on|off)\s*;/.test(code) ? "" : "daemon off;";
  return { globals, ports: [...ports].sort((a, b) => a - b) };
}
