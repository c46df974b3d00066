// Probes and metrics over HTTP.
import type { Server } from "node:http";
import { DjinitError } from "../base/errors.ts";
import type { AdminContext } from "../control/context.ts";
import { serveAtPath } from "../control/path-server.ts";
import { logError } from "../logs/write/own-log.ts";
import { PLAIN, pageServer } from "../serve/page-server.ts";
import { metricsPage } from "./metrics.ts";
import { answerProbe } from "./probe.ts";

/** Where to listen: a TCP port at one address or at all of them, or a Unix socket. */
export type Address = { port: number; host?: string } | { path: string };

const INDEX = "djinit: /metrics /livez /readyz /startupz (?verbose)\n";

export interface HttpOptions {
  /** Whether /metrics is served too. */
  withMetrics: boolean;
  /** The listening socket of that address, where the boot has served at it. */
  fd?: number | undefined;
}

/** Serves until the process ends. A port that is taken is logged. */
export function serveHttp(address: Address, context: AdminContext, { withMetrics, fd }: HttpOptions): void {
  const report = (error: Error): void => {
    const text = `cannot serve probes and metrics at ${nameOf(address)}: ${error.message}`;
    logError(context.log, new DjinitError("DJINIT_ADMIN_PORT_TAKEN", text, { cause: error }));
  };
  const open = opener(context, withMetrics);
  if ("path" in address) {
    // 0666: nginx has to connect, and everything it can ask for is public.
    return serveAtPath({ path: address.path, mode: 0o666 }, open, context.sockets, report);
  }
  open()
    .on("error", report)
    .listen(fd === undefined ? address : { fd })
    .unref();
}

function opener(context: AdminContext, withMetrics: boolean): () => Server {
  const metrics = withMetrics ? metricsPage(context) : undefined;
  return () =>
    pageServer(async (asked) => {
      const { path, request, response } = asked;
      if (answerProbe(asked, context)) return true;
      if (metrics === undefined) return false;
      if (path === "/metrics") await metrics(request, response);
      else if (path === "/") response.writeHead(200, PLAIN).end(INDEX);
      return path === "/metrics" || path === "/";
    }, context.log);
}

function nameOf(address: Address): string {
  if ("path" in address) return address.path;
  return address.host === undefined ? `port ${address.port}` : `port ${address.port} of ${address.host}`;
}
