// A command with stdio to itself must be able to open /dev/stdout and its terminal by name.
import { fchownSync, fstatSync } from "node:fs";
import { isatty } from "node:tty";
import type { Account } from "../../platform/credentials.ts";

const STDIO_FDS = [0, 1, 2];

/**
 * Makes `account` the owner of PID 1's pipes and terminal. They are root's, so other users cannot open them by name.
 * Anything else, such as a file or /dev/null, keeps its owner.
 */
export function giveStdioTo({ uid }: Account): void {
  for (const fd of STDIO_FDS) {
    try {
      const { gid } = fstatSync(fd);
      if (isatty(fd) || fstatSync(fd).isFIFO()) fchownSync(fd, uid, gid);
    } catch {
      // Closed, or on a file system without owners: the command can do without.
    }
  }
}
