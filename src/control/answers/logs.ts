import type { Socket } from "node:net";
import type { AdminContext } from "../context.ts";
import type { Request } from "../protocol.ts";

/** Somebody who follows the log but does not read must not cost PID 1 more memory than that. */
const MOST_WAITING_BYTES = 1024 * 1024;
/** Nor may somebody who asks for what there is and reads none of it. */
const READ_TIMEOUT_MS = 5_000;

/** The last records as they were written, and with `follow` all that come: until the other side has had enough. */
export function logs({ follow }: Request, { recent }: AdminContext, socket: Socket): void {
  socket.write(recent.snapshot());
  // No record has a control character in it.
  socket.write("\0\n");
  if (follow !== true) return void socket.end().setTimeout(READ_TIMEOUT_MS);
  const stop = recent.follow((text) => {
    if (socket.writableLength > MOST_WAITING_BYTES) socket.destroy();
    else socket.write(text);
  });
  socket.once("close", stop);
  socket.once("end", () => socket.end());
}
