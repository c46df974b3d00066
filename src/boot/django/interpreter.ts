// The interpreter that runs the Django half: its start, the socket that it reports through, and its end.
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { FIRST_FD } from "../../plan/inherited-descriptors.ts";
import { makeSocketPair } from "../../platform/libc.ts";
import type { Start } from "../../platform/service-argv.ts";
import { type ChildEnd, endOf } from "../child-end.ts";

export interface Interpreter {
  /** Undefined where it could not be started. */
  pid: number | undefined;
  /** Descriptor 3 of the program: for its reports, and nothing else. */
  socket: Socket;
  ended: Promise<ChildEnd>;
}

/** Starts it. A failed start counts as an end. Errors: throws when no descriptor is left. */
export async function startInterpreter(
  { file, args, env }: Start,
  { cwd, stdoutFd, stderrFd }: { cwd: string; stdoutFd: number; stderrFd: number },
): Promise<Interpreter> {
  const { execa } = await import("./programs.ts");
  // execa would wait for the end of a socket of its own, which a background process may hold. So the socket is ours.
  const [ownFd, childFd] = makeSocketPair();
  const stdio = ["ignore", stdoutFd, stderrFd];
  stdio[FIRST_FD] = childFd;
  try {
    const subprocess = execa(file, args, {
      cwd,
      env,
      extendEnv: false,
      // Any descriptor will do; execa's types know the standard ones only.
      stdio: stdio as ["ignore", 1, 2],
      buffer: false,
      reject: false,
      cleanup: false,
    });
    const socket = new Socket({ fd: ownFd, readable: true, writable: true });
    return { pid: subprocess.pid, socket, ended: subprocess.then(endOf) };
  } finally {
    closeSync(childFd);
  }
}
