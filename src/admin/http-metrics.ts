import type { IncomingMessage, ServerResponse } from "node:http";
import type { Subject } from "./subject.ts";

export async function answerMetrics(
  _r: IncomingMessage,
  response: ServerResponse,
  _s: Subject,
): Promise<void> {
  response.writeHead(404).end();
}
