// Where the djinit that runs this container listens.
import { accessSync, constants } from "node:fs";
import { connect, type Socket } from "node:net";
import { CONTROL_SOCKET, PRIVATE_PARENTS, placedIn, RUN_DIRECTORY, SUPERVISOR_USER } from "../plan/paths.ts";
import { findAccount } from "../platform/credentials.ts";
import { findPrivateDirectory } from "../platform/private-directory.ts";

/** Its path: in /run, or in the private directory of a djinit that may not have that. */
export function controlSocket(): string {
  return placedIn(findPrivateDirectory(PRIVATE_PARENTS) ?? RUN_DIRECTORY, CONTROL_SOCKET);
}

/** Connects to it. */
export function connectControl(): Socket {
  const path = controlSocket();
  if (process.getuid?.() === 0 && !isWritable(path)) becomeSupervisor();
  return connect(path);
}

/** Also where it is not there, which is for the caller to find out. */
function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "EACCES";
  }
}

/** Root without CAP_DAC_OVERRIDE may not use a socket that is another's, but may be that one. */
function becomeSupervisor(): void {
  const { uid, gid } = findAccount(SUPERVISOR_USER);
  process.setegid?.(gid);
  process.seteuid?.(uid);
}
