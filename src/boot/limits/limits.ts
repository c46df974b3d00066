// What nginx lets through, by the variables about requests. What files of the user's say of the same wins.
import { DjinitError } from "../../base/errors.ts";
import { type Config, VARIABLES } from "../../config/variables.ts";
import type { NginxDump } from "../../plan/nginx.ts";
import {
  NGINX_CONNECTIONS_FILE,
  NGINX_ERRORS_FILE,
  NGINX_LIMITS_FILE,
  NGINX_RATE_FILE,
} from "../../plan/paths.ts";
import { nginxBuffers } from "../../plan/requests/header-limits.ts";
import type { BootContext } from "../context.ts";
import { writeNginxFile } from "../nginx/written-file.ts";
import { cacheSize, freeBytes, writeNginxCache } from "./cache.ts";
import { connectionsFor, openFilesLimit } from "./connections.ts";
import { errorPages, hasPages } from "./error-pages.ts";
import { findOverruled } from "./overruled.ts";
import { rateCheck, rateZone } from "./rate-limit.ts";

const MIB = 1024 ** 2;

export type LimitedRequests = Pick<BootContext, "config" | "environment" | "log"> & { run: string };

/** A line of nginx's at the level http. */
export interface Limit {
  directive: string;
  value: string;
}

/**
 * All headers of a request must be there by then. Who holds connections open with requests that are never finished holds
 * each no longer.
 */
const HEADER_TIMEOUT_MS = 20_000;

/** Of the block `events`. */
const CONNECTIONS = "worker_connections";

/** The access log has what is refused. The error log would have it once more. */
const RATE_MANNERS: readonly Limit[] = [
  { directive: "limit_req_status", value: "429" },
  { directive: "limit_req_log_level", value: "info" },
];

export function limitsOf(config: Config): Limit[] {
  const { clientTimeoutMs, keepaliveMs, maxBodySize, rateLimit } = config;
  return [
    { directive: "client_max_body_size", value: String(maxBodySize) },
    { directive: "large_client_header_buffers", value: nginxBuffers(config) },
    { directive: "client_header_timeout", value: `${Math.min(HEADER_TIMEOUT_MS, clientTimeoutMs)}ms` },
    { directive: "client_body_timeout", value: `${clientTimeoutMs}ms` },
    { directive: "send_timeout", value: `${clientTimeoutMs}ms` },
    { directive: "keepalive_timeout", value: `${keepaliveMs}ms` },
    // Else the kernel keeps what was not sent to a client that has vanished.
    { directive: "reset_timedout_connection", value: "on" },
    ...(rateLimit === undefined ? [] : RATE_MANNERS),
  ];
}

/** `check`, which has nginx look at its files, with the limits among them. Errors: those of `check`. */
export function withLimits(
  context: LimitedRequests,
  check: () => Promise<NginxDump>,
): () => Promise<NginxDump> {
  const left = new Set<string>();
  let isTold = false;
  return async () => {
    for (;;) {
      writeLimits(context, left);
      try {
        const facts = await check();
        if (!isTold) tellOverruled(context, facts);
        isTold = true;
        return facts;
      } catch (error) {
        if (!leaveToUser(left, error)) throw error;
      }
    }
  };
}

function writeLimits({ config, run }: LimitedRequests, left: ReadonlySet<string>): void {
  const lines = limitsOf(config)
    .filter(({ directive }) => !left.has(directive))
    .map(({ directive, value }) => `${directive} ${value};\n`);
  const write = (path: string, text: string | undefined): void => writeNginxFile(path, text, run);
  write(NGINX_LIMITS_FILE, lines.join("") + rateZone(config));
  const connections = left.has(CONNECTIONS) ? "" : `${CONNECTIONS} ${connectionsFor(openFilesLimit())};\n`;
  write(NGINX_CONNECTIONS_FILE, connections || undefined);
  write(NGINX_RATE_FILE, rateCheck(config));
  write(NGINX_ERRORS_FILE, errorPages(config));
  writeNginxCache({ ...config, cacheBytes: sizeOf(config, run) }, run);
}

function sizeOf({ cacheBytes }: Config, run: string): number | undefined {
  return cacheBytes === undefined ? undefined : cacheSize(cacheBytes, freeBytes(run));
}

/** A directive that another file has at the same level is that file's. False: nginx does not complain of such. */
function leaveToUser(left: Set<string>, error: unknown): boolean {
  if (!(error instanceof DjinitError)) return false;
  const twice = /"(\w+)" directive is duplicate/.exec(error.message)?.[1];
  if (twice === undefined || left.has(twice)) return false;
  left.add(twice);
  return true;
}

function tellOverruled({ config, environment, log, run }: LimitedRequests, { files }: NginxDump): void {
  const { errorPages: pages, cacheBytes, maxBodySize } = config;
  const free = freeBytes(run);
  const size = sizeOf(config, run);
  const mib = (bytes: number): string => `${Math.floor(bytes / MIB)}m`;
  if (environment[VARIABLES.maxBodySize.name] && maxBodySize > free) {
    const { name } = VARIABLES.maxBodySize;
    const text = `${name} is ${mib(maxBodySize)}, and ${run} has room for ${mib(free)}: nginx keeps a body there until it has all of it, and answers a larger one with 500; give ${run} more room`;
    log.warn({ variable: name, value: mib(maxBodySize) }, text);
  }
  if (cacheBytes !== undefined && size !== undefined && size < cacheBytes) {
    const { name } = VARIABLES.cacheBytes;
    const text = `${name} is ${mib(cacheBytes)}, and ${run} has room for ${mib(size * 2)}: nginx keeps ${mib(size)}, for it cuts answers off where there is no room; give ${run} twice as much as ${name}`;
    log.warn({ variable: name, value: mib(cacheBytes) }, text);
  }
  if (pages !== undefined && !hasPages(pages)) {
    const { name } = VARIABLES.errorPages;
    const text = `${name} is ${JSON.stringify(pages)}, where no page is found: put a file there such as 413.html or 502.json`;
    log.warn({ variable: name, value: pages }, text);
  }
  for (const { variable, value, problem } of findOverruled(environment, files))
    log.warn({ variable, value }, problem);
}
