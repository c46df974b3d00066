// The web servers that a project may choose in gunicorn's place: ONE table of what djinit has to know of each.
import type { Config } from "../../config/variables.ts";
import { longestHeadBytes } from "../requests/header-limits.ts";

export const WEB_SERVERS = ["uvicorn", "granian", "daphne", "hypercorn"] as const;
export type WebServerName = (typeof WEB_SERVERS)[number];

export interface WebServer {
  /** Its options that take no value. All others take one. */
  flags: RegExp;
  /** Options that djinit has an answer of its own to: where it listens, TLS, a reload by itself, the background. */
  replaced: RegExp;
  /** What djinit adds: the option's names, and its value. Not where the CMD has the option. */
  defaults: (facts: ServerFacts) => Default[];
  /** Those whose signal starts a successor before the old process ends. The others are started anew: requests wait in the socket. */
  reload: "SIGHUP" | "restart";
  /** Exit statuses of a server that cannot start, however often it is tried. */
  fatalStatuses: number[];
}

export interface ServerFacts {
  config: Config;
  application: string;
  /** How long requests in hand may take at a stop. */
  gracefulSeconds: number;
}

export interface Default {
  /** The first one is added. */
  names: readonly string[];
  /** A flag has none. */
  value?: string;
}

/** click's and argparse's, for words that they do not understand. */
const USAGE_ERROR = 2;
/** uvicorn's own. */
const STARTUP_FAILURE = 3;
/** gunicorn's, and uvicorn's. hypercorn would shorten the queue of the socket to 100. */
const BACKLOG = "2048";

/** uvicorn's own limit of a request's head, with h11. With httptools it has none. */
const H11_HEAD_BYTES = 65_536;

/** granian's limit is above all that nginx lets through. Those of daphne and hypercorn have no option: python/server sets them. */
export const WEB_SERVER_TABLE: Record<WebServerName, WebServer> = {
  // It reads WEB_CONCURRENCY itself.
  uvicorn: {
    flags:
      /^--(reload|(no-)?(access-log|use-colors|proxy-headers|server-header|date-header)|http2|version|reset-contextvars|factory|help)$/,
    replaced: /^--(host|port|uds|fd|reload.*|ssl-.*)$/,
    defaults: ({ config, gracefulSeconds }) => [
      ...headBytes(config),
      { names: ["--no-access-log", "--access-log"] },
      { names: ["--timeout-graceful-shutdown"], value: String(gracefulSeconds) },
    ],
    reload: "SIGHUP",
    fatalStatuses: [USAGE_ERROR, STARTUP_FAILURE],
  },
  granian: {
    flags:
      /^--(no-.*|ws|log|access-log|reload|reload-ignore-worker-failure|http1-keep-alive|http1-pipeline-flush|http2-adaptive-window|ssl-client-verify|respawn-failed-workers|factory|metrics|version|help)$/,
    replaced: /^--(host|port|uds|uds-permissions|(no-)?reload.*|(no-)?ssl-.*)$/,
    defaults: ({ application, config, gracefulSeconds }) => [
      // Its own default is RSGI, which Django does not speak.
      { names: ["--interface"], value: application.includes("wsgi") ? "wsgi" : "asgi" },
      { names: ["--workers-kill-timeout"], value: String(gracefulSeconds) },
      ...workers(config, "--workers"),
    ],
    reload: "SIGHUP",
    fatalStatuses: [USAGE_ERROR],
  },
  // One process, whatever WEB_CONCURRENCY says.
  daphne: {
    flags: /^--(proxy-headers|no-server-name|help)$/,
    replaced: /^(-p|--port|-b|--bind|-u|--unix-socket|--fd|-e|--endpoint)$/,
    // Without a word it writes a line for each request.
    defaults: () => [{ names: ["--access-log"], value: "/dev/null" }],
    reload: "restart",
    fatalStatuses: [USAGE_ERROR],
  },
  hypercorn: {
    flags: /^(-D|--(daemon|debug|reload|help|version))$/,
    replaced:
      /^(-b|--bind|--insecure-bind|--quic-bind|-D|--daemon|--reload|--certfile|--keyfile|--keyfile-password|--ca-certs|--ciphers|--verify-mode)$/,
    defaults: ({ config, gracefulSeconds }) => [
      { names: ["--graceful-timeout"], value: String(gracefulSeconds) },
      { names: ["--backlog"], value: BACKLOG },
      ...workers(config, "--workers", "-w"),
    ],
    reload: "restart",
    fatalStatuses: [USAGE_ERROR],
  },
};

export function isWebServer(word: string): word is WebServerName {
  return WEB_SERVERS.some((name) => name === word);
}

function headBytes(config: Config): Default[] {
  const bytes = longestHeadBytes(config);
  return bytes <= H11_HEAD_BYTES
    ? []
    : [{ names: ["--h11-max-incomplete-event-size"], value: String(bytes) }];
}

function workers({ webConcurrency }: Config, ...names: string[]): Default[] {
  return webConcurrency === undefined ? [] : [{ names, value: String(webConcurrency) }];
}
