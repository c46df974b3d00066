import { fchmodSync } from "node:fs";
import { makePipe } from "./libc.ts";

/**
 * A pipe for a child's output. A real one, not Node's socket pair: services open /dev/stdout, which fails on a socket.
 * Mode 622 lets a child of another user open it again. Errors: throws when no descriptor is left.
 */
export function openChildPipe(): { readFd: number; writeFd: number } {
  const pipe = makePipe();
  fchmodSync(pipe.writeFd, 0o622);
  return pipe;
}
