import { PROGRAMS } from "../base/programs.ts";
import type { Config } from "../config/variables.ts";
import { FILE_HEAD, readDirectives } from "./confinement/directives.ts";
import { confineNginx } from "./confinement/nginx-paths.ts";
import { runsPrograms } from "./confinement/programs.ts";
import { identityOf } from "./environment.ts";
import { type ListenAddress, readListens } from "./nginx-listen.ts";
import {
  GUNICORN_TIMEOUT_FILE,
  NGINX_STATUS_SOCKET,
  NGINX_USER,
  NGINX_WAITS_FILE,
  RUN_DIRECTORY,
} from "./paths.ts";
import type { ServicePlan } from "./plan.ts";
import { namedAsUsual, nginxFileArgs } from "./run-directory.ts";

/** A listener at all addresses is asked at the loopback address. */
const LOOPBACK: Record<string, string> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** What the configuration itself says, as `nginx -T` dumps it. */
export interface NginxFacts {
  /** Global directives to give on the command line: only those that the files do not have already. */
  globals: string;
  /** The files say `daemon on`. PID 1 could not see such an nginx end. */
  daemonizes: boolean;
  /** Where it takes TCP connections, each address once. */
  listens: ListenAddress[];
  /** Variables that it passes on to itself, by `env NAME;`. */
  variables: string[];
  /** What they were read from. */
  dump: string;
}

export interface NginxDump extends NginxFacts {
  /** What each file says, without comments, by its path. */
  files: Record<string, string>;
}

/** Variables that nginx always inherits. NGINX names the sockets that PID 1 holds for it. */
export const NGINX_VARIABLES = ["PATH", "TZ", "LANG", "LC_ALL", "NGINX"];

/**
 * glibc's own thresholds (bytes), fixed: by itself it raises them, and what nginx's first process freed after it had read its files stayed
 * with both processes, 2 MiB.
 */
const GIVES_BACK = { MALLOC_TRIM_THRESHOLD_: "131072", MALLOC_MMAP_THRESHOLD_: "131072" };

type NginxConfig = Partial<Pick<Config, "requestTimeoutMs" | "confine" | "writable">>;

/** Before its files are known: it listens nowhere. It comes after the application's server. */
export function planNginx(
  application = "gunicorn",
  { requestTimeoutMs, confine, writable = [] }: NginxConfig = {},
): ServicePlan {
  const seconds = requestTimeoutMs === undefined ? {} : { seconds: Math.ceil(requestTimeoutMs / 1000) };
  return {
    ...(confine === undefined || confine === "off" ? {} : { confines: { run: RUN_DIRECTORY, writable } }),
    name: "nginx",
    argv: nginxCommand(""),
    cwd: "/",
    user: NGINX_USER,
    environment: { ...identityOf(NGINX_USER), ...GIVES_BACK },
    inherits: NGINX_VARIABLES,
    facesClients: true,
    after: [application],
    ...planListening([]),
    restart: "always",
    stopSignal: "SIGQUIT", // drains; TERM would cut requests off
    fastStopSignal: "SIGTERM",
    reload: "SIGHUP",
    forwards: [],
    staleSockets: [NGINX_STATUS_SOCKET],
    waits: { timeoutFile: GUNICORN_TIMEOUT_FILE, nginxFile: NGINX_WAITS_FILE, ...seconds },
    readsEnvironment: false,
    fatalStatuses: [],
    output: "relay",
  };
}

/** With what its files say. */
export function completeNginx(
  plan: ServicePlan,
  { globals, listens, variables, dump }: NginxFacts,
): ServicePlan {
  const file = nginxFileArgs(plan.mirror?.run ?? RUN_DIRECTORY);
  return {
    ...free(plan),
    argv: nginxCommand(globals, ...file),
    // -T also shows where it will listen.
    check: nginxCommand(globals, "-T", ...file),
    inherits: [...NGINX_VARIABLES, ...variables],
    ...planListening(listens),
    ...planConfinement(plan, dump),
  };
}

function planConfinement(
  { confines }: ServicePlan,
  dump: string,
): Pick<ServicePlan, "confinement" | "unconfined"> {
  if (confines === undefined) return {};
  const { run, writable } = confines;
  const usual = namedAsUsual(dump, run);
  const directives = readDirectives(usual);
  const unconfined = runsPrograms(directives);
  if (unconfined !== undefined) return { unconfined };
  return { confinement: confineNginx(usual, run, writable, directives) };
}

/** Without what followed from its files as they were. */
function free({ confinement: _, unconfined: __, ...plan }: ServicePlan): ServicePlan {
  return plan;
}

/** `-e stderr`: before it reads its files, nginx opens a log file that user nginx may not open. */
export function nginxCommand(globals: string, ...more: string[]): string[] {
  return [PROGRAMS.nginx, "-e", "stderr", ...(globals === "" ? [] : ["-g", globals]), ...more];
}

/** Readiness and sockets for these addresses. A reload may change them. */
export function planListening(
  listens: readonly ListenAddress[],
): Required<Pick<ServicePlan, "readiness" | "sockets">> {
  const addresses = listens.map(({ host, port, wantsProxy }) => ({
    host: LOOPBACK[host] ?? host,
    port,
    ...(wantsProxy ? { wantsProxy } : {}),
  }));
  const sockets = listens
    .filter(({ holdable }) => holdable)
    .map(({ host, port, onlyV6 }) => ({ kind: "tcp" as const, host, port, onlyV6 }));
  return { readiness: { kind: "tcp", addresses }, sockets: { sockets, variable: "NGINX" } };
}

/** nginx's plan for the files in a dump of `nginx -T`. The plan of another service stays as it is. */
export function planAfterCheck(plan: ServicePlan, dump: string): ServicePlan {
  if (plan.sockets?.variable !== "NGINX") return plan;
  const { listens, variables } = readNginxDump(dump);
  return {
    ...free(plan),
    ...planListening(listens),
    ...planConfinement(plan, dump),
    inherits: [...NGINX_VARIABLES, ...variables],
  };
}

/** Whether `nginx -T` has shown its files. Status 0 alone does not prove that. */
export function isNginxDump(text: string): boolean {
  return FILE_HEAD.test(text);
}

/** Each file comes after a line with its path. */
function readFiles(dump: string): Record<string, string> {
  const [, ...parts] = dump.split(FILE_HEAD);
  const files: Record<string, string> = {};
  for (let at = 0; at < parts.length; at += 2) files[parts[at] ?? ""] = withoutComments(parts[at + 1] ?? "");
  return files;
}

/** A `#` within a word is no comment. */
function withoutComments(text: string): string {
  return text.replaceAll(/(^|[\s;{}])#.*$/gm, "$1");
}

/** Reads the facts from the dump of `nginx -T`. */
export function readNginxDump(dump: string): NginxDump {
  const code = withoutComments(dump);
  const daemon = /(?:^|[\s;{}])daemon\s+(on|off)\s*;/.exec(code)?.[1];
  return {
    globals: daemon === undefined ? "daemon off;" : "",
    daemonizes: daemon === "on",
    dump,
    listens: readListens(code),
    variables: [...code.matchAll(/(?:^|[\s;{}])env\s+["']?(\w+)["']?\s*;/g)].map(([, name = ""]) => name),
    files: readFiles(dump),
  };
}
