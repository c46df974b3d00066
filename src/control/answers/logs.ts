import type { Socket } from "node:net";
import type { AdminContext } from "../context.ts";
import type { Request } from "../protocol.ts";

/** The most memory that a client which follows the log without reading costs PID 1. */
const MOST_WAITING_BYTES = 1024 * 1024;
/** A client that does not read the answer is dropped after this time. */
const READ_TIMEOUT_MS = 5_000;

/** Sends the last records as they were written, and with `follow` all new ones until the client closes. */
export function logs({ follow }: Request, { recent }: AdminContext, socket: Socket): void {
  socket.write(recent.snapshot());
  // No record contains a control character, so this marks the end of the earlier records.
  socket.write("\0\n");
  if (follow !== true) return void socket.end().setTimeout(READ_TIMEOUT_MS);
  const stop = recent.follow((text) => {
    if (socket.writableLength > MOST_WAITING_BYTES) socket.destroy();
    else socket.write(text);
  });
  socket.once("close", stop);
  socket.once("end", () => socket.end());
}
