// Asks a container's PID 1 for its status, through the machine's view of the container's files.
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { Status } from "../../src/admin/protocol.ts";
import { CONTROL_SOCKET } from "../../src/plan/paths.ts";

const TIMEOUT_MS = 2_000;

/** Errors: nobody answers within 2 s, for instance because it has not come so far. */
export async function askStatus(initPid: number): Promise<Status> {
  const socket = connect(`/proc/${initPid}/root${CONTROL_SOCKET}`);
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
  socket.write('{"verb":"status"}\n');
  return JSON.parse(await text(socket)) as Status;
}
