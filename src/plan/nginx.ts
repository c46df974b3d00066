import { identityOf } from "./environment.ts";
import { NGINX_STATUS_SOCKET, NGINX_USER } from "./paths.ts";
import type { ServicePlan } from "./plan.ts";

/** What the configuration itself says, as `nginx -T` dumps it. */
export interface NginxFacts {
  /** Global directives to give on the command line: only those that the files do not have already. */
  globals: string;
  /** The files tell it to leave PID 1, which could then not tell when it ends. */
  daemonizes: boolean;
  ports: number[];
}

export function planNginx({ globals, ports }: Pick<NginxFacts, "globals" | "ports">): ServicePlan {
  return {
    name: "nginx",
    argv: nginxCommand(globals),
    check: nginxCommand(globals, "-t"),
    cwd: "/",
    user: NGINX_USER,
    environment: identityOf(NGINX_USER),
    facesClients: true,
    after: ["gunicorn"],
    readiness: { kind: "tcp", ports },
    restart: "always",
    stopSignal: "SIGQUIT", // drains; TERM would cut requests off
    fastStopSignal: "SIGTERM",
    reload: "SIGHUP",
    forwards: [],
    staleSockets: [NGINX_STATUS_SOCKET],
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
  // A `#` within a word is no comment.
  const code = dump.replaceAll(/(^|[\s;{}])#.*$/gm, "$1");
  const ports = new Set<number>();
  for (const [, address = "", options = ""] of code.matchAll(/(?:^|[\s;{}])listen\s+([^\s;]+)([^;]*)/g)) {
    // Nobody can connect to a UDP port to see whether it is open.
    if (address.startsWith("unix:") || /\s(udp|quic)\b/.test(options)) continue;
    ports.add(portOf(address));
  }
  const daemon = /(?:^|[\s;{}])daemon\s+(on|off)\s*;/.exec(code)?.[1];
  return {
    globals: daemon === undefined ? "daemon off;" : "",
    daemonizes: daemon === "on",
    ports: [...ports].sort((a, b) => a - b),
  };
}

/** Of `8000`, `address:8000`, `[address]:8000`, `*:8000`; the first of a range; 80 where only an address is given. */
function portOf(address: string): number {
  return Number(/(?:^|:)(\d+)(?:-\d+)?$/.exec(address.replace(/^\[.*\]/, ""))?.[1] ?? "80");
}
