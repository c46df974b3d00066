// The interpreter that runs the Django half: its start, the socket that it reports through, and its end.
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { FIRST_FD } from "../../plan/inherited-descriptors.ts";
import { makeSocketPair } from "../../platform/libc.ts";
import type { Start } from "../../platform/service-argv.ts";
import { type ChildEnd, endOf, startChild } from "../child-end.ts";

export interface Interpreter {
  /** Undefined where it could not be started. */
  pid: number | undefined;
  /** Descriptor 3 of the program: for its reports, and nothing else. */
  socket: Socket;
  ended: Promise<ChildEnd>;
  /** Sends a signal to it and its descendants, where that is not to be done by its PID alone. */
  send?: (pid: number, signal: NodeJS.Signals) => void;
}

interface InterpreterOptions {
  cwd: string;
  stdoutFd: number;
  stderrFd: number;
  isShort: boolean;
}

/** Starts it. A failed start counts as an end. Errors: throws when no descriptor is left. */
export async function startInterpreter(start: Start, options: InterpreterOptions): Promise<Interpreter> {
  return runIt(options.isShort ? runByNode : await runByExeca(), start, options);
}

/** The same, for one that is over sooner than execa is loaded, which takes as long as Node itself. */
export function startShortInterpreter(
  start: Start,
  options: Omit<InterpreterOptions, "isShort">,
): Interpreter {
  return runIt(runByNode, start, options);
}

function runIt(run: Run, start: Start, options: Omit<InterpreterOptions, "isShort">): Interpreter {
  // execa would wait for the end of a socket of its own, which a background process may hold. So the socket is ours.
  const [ownFd, childFd] = makeSocketPair();
  const stdio: Stdio = ["ignore", options.stdoutFd, options.stderrFd];
  stdio[FIRST_FD] = childFd;
  try {
    const ran = run(start, options.cwd, stdio);
    return { ...ran, socket: new Socket({ fd: ownFd, readable: true, writable: true }) };
  } finally {
    closeSync(childFd);
  }
}

type Stdio = ("ignore" | number)[];
type Run = (start: Start, cwd: string, stdio: Stdio) => Pick<Interpreter, "pid" | "ended">;

const runByNode: Run = (start, cwd, stdio) => {
  const { child, ended } = startChild(start, { cwd, stdio });
  return { pid: child?.pid, ended };
};

async function runByExeca(): Promise<Run> {
  const { execa } = await import("./programs.ts");
  return ({ file, args, env }, cwd, stdio) => {
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
    return { pid: subprocess.pid, ended: subprocess.then(endOf) };
  };
}
