// What nginx lets through, by the variables about requests. What files of the user's say of the same wins.
import { DjinitError } from "../../base/errors.ts";
import type { Config } from "../../config/variables.ts";
import type { NginxDump } from "../../plan/nginx.ts";
import { NGINX_LIMITS_FILE, placedIn } from "../../plan/paths.ts";
import { nginxBuffers } from "../../plan/requests/header-limits.ts";
import { writeNewFile } from "../../platform/new-file.ts";
import type { BootContext } from "../context.ts";
import { findOverruled } from "./overruled.ts";

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

export function limitsOf(config: Config): Limit[] {
  const { clientTimeoutMs, maxBodySize } = config;
  return [
    { directive: "client_max_body_size", value: String(maxBodySize) },
    { directive: "large_client_header_buffers", value: nginxBuffers(config) },
    { directive: "client_header_timeout", value: `${Math.min(HEADER_TIMEOUT_MS, clientTimeoutMs)}ms` },
    { directive: "client_body_timeout", value: `${clientTimeoutMs}ms` },
    { directive: "send_timeout", value: `${clientTimeoutMs}ms` },
    // Else the kernel keeps what was not sent to a client that has vanished.
    { directive: "reset_timedout_connection", value: "on" },
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
  writeNewFile(placedIn(run, NGINX_LIMITS_FILE), lines.join(""), { mode: 0o644 });
}

/** A directive that another file has at the same level is that file's. False: nginx does not complain of such. */
function leaveToUser(left: Set<string>, error: unknown): boolean {
  if (!(error instanceof DjinitError)) return false;
  const twice = /"(\w+)" directive is duplicate/.exec(error.message)?.[1];
  if (twice === undefined || left.has(twice)) return false;
  left.add(twice);
  return true;
}

function tellOverruled({ environment, log }: LimitedRequests, { files }: NginxDump): void {
  for (const { variable, value, problem } of findOverruled(environment, files))
    log.warn({ variable, value }, problem);
}
