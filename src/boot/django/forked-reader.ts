// The settings are imported in a fork of gunicorn's process, which has loaded most of what they import: djinit_reader.py. Or by
// the worker that loads the application, which then waits in gunicorn's place: djinit_hold.py.
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { constants } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { type ChildPipe, openChildPipe } from "../../platform/child-pipe.ts";
import { makePipe, makeSocketPair } from "../../platform/libc.ts";
import { listProcesses, readProcessStat } from "../../platform/proc.ts";
import { signalTree } from "../../platform/process-tree.ts";
import type { ChildEnd } from "../child-end.ts";
import type { EarlyReader } from "./early-reader.ts";

/** gunicorn loads itself before it forks. On a machine that is busy beyond that, another Python would be no quicker. */
const FIRST_WORD_MS = 20_000;
/**
 * Of who says nothing before all is imported, and may do other things first. Its end is seen at once. Who is late goes on with what it has;
 * another Python tells djinit.
 */
const HELD_WORD_MS = 10_000;
/** A status, or the number of a signal with a minus. */
const END = /^-?\d{1,3}$/;

/** What djinit asks gunicorn's process for. */
export interface ForkOrder {
  /** Who loads the application imports them, and waits in gunicorn's place. */
  holds: boolean;
  /** For its descriptors from `firstFd` on. */
  childFds: number[];
  /** Its variable, where its own environment is `own`. */
  variable: (own: NodeJS.ProcessEnv, firstFd: number) => Record<string, string>;
  /** The reader, where gunicorn's process is this one. */
  readerOf: (pid: number | undefined) => EarlyReader;
}

/**
 * Whether a fork of gunicorn's can have the environment `wanted`: nothing is in it that gunicorn's, `own`, has not, such as the
 * address of the database for migrations.
 */
export function canFork(own: NodeJS.ProcessEnv, wanted: NodeJS.ProcessEnv): boolean {
  return Object.entries(wanted).every(([name, value]) => own[name] === value);
}

interface Manner {
  /** Who loads the application is to import them. */
  holds?: boolean;
  firstWordMs?: number | undefined;
}

/** `loads`: what the manifest says that the settings load. Errors: throws when no descriptor is left. */
export function orderFork(
  wanted: NodeJS.ProcessEnv,
  loads: readonly string[],
  { holds = false, firstWordMs = holds ? HELD_WORD_MS : FIRST_WORD_MS }: Manner = {},
): ForkOrder {
  const [stdout, stderr] = [openChildPipe(), openChildPipe()];
  const [ownFd, childFd] = makeSocketPair();
  const end = makePipe();
  // The write ends of the pipes stay open here, until somebody reads them.
  const childFds = [stdout.writeFd, stderr.writeFd, childFd, end.writeFd];
  return {
    holds,
    childFds,
    variable: (own, firstFd) => {
      const fds = childFds.map((_, at) => firstFd + at);
      const unset = Object.keys(own).filter((name) => !(name in wanted));
      return { DJINIT_GATE_READER: JSON.stringify({ fds, unset, loads, holds }) };
    },
    readerOf: (pid) => {
      for (const fd of [childFd, end.writeFd]) closeSync(fd);
      const socket = new Socket({ fd: ownFd, readable: true, writable: true });
      return readerIn(pid, { stdout, stderr, socket, ended: endOf(end.readFd), firstWordMs, holds });
    },
  };
}

interface Ends {
  stdout: ChildPipe;
  stderr: ChildPipe;
  socket: Socket;
  ended: Promise<ChildEnd>;
  firstWordMs: number;
  holds: boolean;
}

function readerIn(
  gunicorn: number | undefined,
  { stdout, stderr, socket, ended, firstWordMs, holds }: Ends,
): EarlyReader {
  let isLeft = true;
  // A worker of gunicorn's is not for others to end.
  const fork = (): number | undefined => (holds ? undefined : childOf(gunicorn));
  const drop = (): void => {
    socket.destroy();
    for (const { readFd, writeFd } of [stdout, stderr]) {
      closeSync(readFd);
      closeSync(writeFd);
    }
    const pid = fork();
    if (pid !== undefined) signalTree(pid, "SIGKILL");
  };
  return {
    take: async (signal) => {
      if (!isLeft) return undefined;
      isLeft = false;
      if (!(await speaks(socket, firstWordMs, signal))) {
        drop();
        signal.throwIfAborted();
        return undefined;
      }
      const pid = fork();
      // By what the kernel says at that moment: the PID may be another one's as soon as gunicorn has waited for it.
      const send = (to: number, name: NodeJS.Signals): void => {
        if (readProcessStat(to)?.parentPid === gunicorn) signalTree(to, name);
      };
      return { interpreter: { pid, socket, ended, send }, stdout, stderr };
    },
    discard: () => {
      if (isLeft) drop();
      isLeft = false;
    },
    dismiss: () => {
      if (holds && readProcessStat(gunicorn ?? 0)?.parentPid === process.pid)
        signalTree(gunicorn as number, "SIGKILL");
    },
  };
}

/** At its gate gunicorn has no other. */
function childOf(gunicorn: number | undefined): number | undefined {
  if (gunicorn === undefined) return undefined;
  return listProcesses().find(({ parentPid }) => parentPid === gunicorn)?.pid;
}

/** Whether it has said something, and says it in time. */
async function speaks(socket: Socket, withinMs: number, signal: AbortSignal): Promise<boolean> {
  const { promise: heard, resolve } = Promise.withResolvers<void>();
  for (const event of ["readable", "end", "error", "close"]) socket.on(event, resolve);
  const over = new AbortController();
  const limit = delay(withinMs, undefined, { signal: AbortSignal.any([signal, over.signal]) });
  await Promise.race([heard, limit.catch(() => {})]);
  over.abort();
  for (const event of ["readable", "end", "close"]) socket.off(event, resolve);
  return socket.readableLength > 0;
}

/** What gunicorn's process tells of it. Where that has ended itself, its fork has lost its use as well. */
async function endOf(fd: number): Promise<ChildEnd> {
  let text = "";
  const pipe = new Socket({ fd, readable: true, writable: false });
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  pipe.once("close", resolve).on("error", () => pipe.destroy());
  pipe.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    if (text.length > 4) pipe.destroy();
  });
  await closed;
  const number = END.test(text) ? Number(text) : -constants.signals.SIGKILL;
  if (number >= 0) return { status: number, signal: null };
  const names = Object.entries(constants.signals).find(([, value]) => value === -number);
  return { status: null, signal: (names?.[0] ?? "SIGKILL") as NodeJS.Signals };
}
