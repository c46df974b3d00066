// Asks a container's PID 1 through the machine's view of the container's files.
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { Status } from "../../src/control/protocol.ts";
import { CONTROL_SOCKET } from "../../src/plan/paths.ts";

const TIMEOUT_MS = 2_000;

/** Errors: nobody answers within 2 s, for instance because it has not come so far. */
export function askStatus(initPid: number): Promise<Status> {
  return askControl<Status>(initPid, "status", TIMEOUT_MS);
}

/** Errors: nobody answers in time. */
export async function askControl<Answer>(initPid: number, verb: string, timeoutMs: number): Promise<Answer> {
  const socket = connect(`/proc/${initPid}/root${CONTROL_SOCKET}`);
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)));
  socket.write(`${JSON.stringify({ verb })}\n`);
  return JSON.parse(await text(socket)) as Answer;
}
