// Pages over HTTP. Read-only: no request changes anything.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { logError, type OwnLog } from "../logs/write/own-log.ts";
import { type Connections, limitConnections } from "./connection-limit.ts";

/** More than scrapers and probes need. A client that opens thousands must not use up PID 1's descriptors. */
const MOST_CONNECTIONS = 24;
/** A client that is at work sends its few hundred bytes at once. */
const REQUEST_TIMEOUT_MS = 5_000;
const LONGEST_HEADERS_BYTES = 8_192;

export const PLAIN = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };

export interface Asked {
  path: string;
  query: string;
  request: IncomingMessage;
  response: ServerResponse;
}

/** Answers a GET or HEAD. False where there is no such page. */
export type AnswerPage = (asked: Asked) => boolean | Promise<boolean>;

/** What a probe has found out. */
export interface Verdict {
  ok: boolean;
  lines: { ok: boolean; text: string }[];
}

/** A server that is not listening yet. */
export function pageServer(answerPage: AnswerPage, log: OwnLog): Server {
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
    void answer(request, response, answerPage, log);
  });
}

/** Answers 200 or 503; with `?verbose`, one line for each check. */
export function sendVerdict(name: string, { ok, lines }: Verdict, { query, response }: Asked): void {
  const verdict = `${name} ${ok ? "passed" : "failed"}`;
  const wantsAll = new URLSearchParams(query).has("verbose");
  const failed = lines.filter((line) => !line.ok).map(({ text }) => text);
  const body = wantsAll
    ? [...lines.map((line) => `[${line.ok ? "+" : "-"}] ${line.text}`), verdict].join("\n")
    : [verdict, ...failed].join(": ");
  response.writeHead(ok ? 200 : 503, PLAIN).end(`${body}\n`);
}

function noteUse(socket: Socket, response: ServerResponse, connections: Connections): void {
  connections.busy(socket);
  response.once("close", () => connections.idle(socket));
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  answerPage: AnswerPage,
  log: OwnLog,
): Promise<void> {
  const { method, url = "/" } = request;
  if (method !== "GET" && method !== "HEAD") {
    return void response.writeHead(405, { allow: "GET, HEAD" }).end("read-only: GET and HEAD\n");
  }
  const [path = "/", query = ""] = url.split("?", 2);
  try {
    if (await answerPage({ path, query, request, response })) return;
    response.writeHead(404, PLAIN).end("there is no such page\n");
  } catch (error) {
    // The services run on without it.
    logError(log, error);
    if (response.headersSent) response.destroy();
    else response.writeHead(500, PLAIN).end("cannot answer: see the log\n");
  }
}
