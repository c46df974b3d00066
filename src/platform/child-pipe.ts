import { fchmodSync } from "node:fs";
import { makePipe, resizePipe } from "./libc.ts";

/**
 * Linux writes what a process writes at once without a gap only if the pipe has room for all of it; else another process's
 * lines come into the middle. A traceback of 90 KB is larger than the 64 KiB that a pipe holds. The largest size that users
 * may have is 1 MiB.
 */
const SIZES = [1024 * 1024, 512 * 1024, 256 * 1024];

/**
 * A pipe for a child's output. A real one, not Node's socket pair: services open /dev/stdout, which fails on a socket.
 * Mode 622 lets a child of another user open it again. Errors: throws when no descriptor is left.
 */
export function openChildPipe(): { readFd: number; writeFd: number } {
  const pipe = makePipe();
  SIZES.some((bytes) => resizePipe(pipe.writeFd, bytes));
  fchmodSync(pipe.writeFd, 0o622);
  return pipe;
}
