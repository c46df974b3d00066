// What a command of the user's own has to itself, it must also be able to open by name.
import { fchownSync, fstatSync } from "node:fs";
import { isatty } from "node:tty";
import type { Account } from "../../platform/credentials.ts";

const STDIO_FDS = [0, 1, 2];

/**
 * Makes `account` the owner of the pipes and the terminal that PID 1 was given, which are root's: opening /dev/stdout or
 * the terminal by its name fails otherwise. What is neither, such as a file or /dev/null, keeps its owner.
 */
export function giveStdioTo({ uid }: Account): void {
  for (const fd of STDIO_FDS) {
    try {
      const { gid } = fstatSync(fd);
      if (isatty(fd) || fstatSync(fd).isFIFO()) fchownSync(fd, uid, gid);
    } catch {
      // Closed, or of a file system that knows no owners: the command can do without.
    }
  }
}
