// Probes and metrics over HTTP. Read-only: no request changes anything.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { DjinitError } from "../base/errors.ts";
import { type Connections, limitConnections } from "../control/connection-limit.ts";
import type { AdminContext } from "../control/context.ts";
import { serveAtPath } from "../control/path-server.ts";
import { logError } from "../logs/write/own-log.ts";
import { metricsPage } from "./metrics.ts";
import { answerProbe, PLAIN } from "./probe.ts";

/** More than scrapers and probes need. A client that opens thousands must not use up PID 1's descriptors. */
const MOST_CONNECTIONS = 24;
/** A client that is at work sends its few hundred bytes at once. */
const REQUEST_TIMEOUT_MS = 5_000;
const LONGEST_HEADERS_BYTES = 8_192;

/** Where to listen: a TCP port at one address or at all of them, or a Unix socket. */
export type Address = { port: number; host?: string } | { path: string };

const INDEX = "djinit: /metrics /livez /readyz /startupz (?verbose)\n";

type Page = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Serves until the process ends. A port that is taken is logged. `withMetrics`: /metrics is served, too. */
export function serveHttp(address: Address, context: AdminContext, withMetrics: boolean): void {
  const metrics = withMetrics ? metricsPage(context) : undefined;
  const report = (error: Error): void => {
    const text = `cannot serve probes and metrics at ${nameOf(address)}: ${error.message}`;
    logError(context.log, new DjinitError("DJINIT_ADMIN_PORT_TAKEN", text, { cause: error }));
  };
  if ("path" in address) {
    // 0666: nginx has to connect, and everything it can ask for is public.
    return serveAtPath(address.path, 0o666, () => open(context, metrics), context.sockets, report);
  }
  open(context, metrics).on("error", report).listen(address).unref();
}

function open(context: AdminContext, metrics: Page | undefined): Server {
  const server = createServer({
    maxHeaderSize: LONGEST_HEADERS_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: REQUEST_TIMEOUT_MS,
  });
  // Also for a client that does not read its answer.
  server.setTimeout(REQUEST_TIMEOUT_MS);
  const connections = limitConnections(server, { most: MOST_CONNECTIONS, interrupts: true });
  return server.on("request", (request, response) => {
    noteUse(request.socket, response, connections);
    void answer(request, response, context, metrics);
  });
}

function noteUse(socket: Socket, response: ServerResponse, connections: Connections): void {
  connections.busy(socket);
  response.once("close", () => connections.idle(socket));
}

function nameOf(address: Address): string {
  if ("path" in address) return address.path;
  return address.host === undefined ? `port ${address.port}` : `port ${address.port} of ${address.host}`;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  context: AdminContext,
  metrics: Page | undefined,
): Promise<void> {
  const { method, url = "/" } = request;
  if (method !== "GET" && method !== "HEAD") {
    return void response.writeHead(405, { allow: "GET, HEAD" }).end("read-only: GET and HEAD\n");
  }
  const [path = "/", query = ""] = url.split("?", 2);
  try {
    if (path === "/metrics" && metrics !== undefined) return await metrics(request, response);
    if (answerProbe(path, query, response, context)) return;
    if (path === "/" && metrics !== undefined) return void response.writeHead(200, PLAIN).end(INDEX);
    response.writeHead(404, PLAIN).end("there is no such page\n");
  } catch (error) {
    // The services run on without it.
    logError(context.log, error);
    if (response.headersSent) response.destroy();
    else response.writeHead(500, PLAIN).end("cannot answer: see the log\n");
  }
}
