// gunicorn is started beside the boot. It loads itself, and waits at its gate with loading the application.
import { closeSync, writeSync } from "node:fs";
import { exitStatusOf } from "../../base/exit-status.ts";
import { ofService } from "../../plan/environment.ts";
import { descriptorsOf, FIRST_FD, socketVariables } from "../../plan/inherited-descriptors.ts";
import type { ServicePlan, StartedProcess } from "../../plan/plan.ts";
import { openChildPipe } from "../../platform/child-pipe.ts";
import { confinementWords } from "../../platform/confinement/rules.ts";
import { makePipe } from "../../platform/libc.ts";
import { signalTree } from "../../platform/process-tree.ts";
import { asService } from "../../platform/service-argv.ts";
import type { Ahead } from "../ahead.ts";
import { startChild } from "../child-end.ts";
import type { EarlyReader } from "../django/early-reader.ts";
import type { ForkOrder } from "../django/forked-reader.ts";

/** The descriptor that djinit_gate.py waits at. */
const GATE_VARIABLE = "DJINIT_GATE_FD";
/** What is said there. */
const AHEAD = "a";

export interface EarlyService extends Ahead {
  /**
   * Lets it load the application, with additional variables. Returns the process for the second life; undefined if it has
   * ended: its successor will report the reason.
   */
  open(found: Record<string, string>): StartedProcess | undefined;
  /** Its exit status; undefined while it runs. */
  endStatus(): number | undefined;
}

/**
 * Starts it; `environment` is the application's. If this process ends before the gate is open, so does the service. `orderFork`
 * asks for a reader of the settings, where its process, with this environment, can have one; `mayGoAhead`: no step changes what the
 * application looks at when it is loaded, but the database.
 * Errors: throws when no descriptor is left.
 */
export function startEarly(
  plan: ServicePlan,
  environment: NodeJS.ProcessEnv,
  {
    orderFork = () => undefined,
    mayGoAhead = false,
  }: { orderFork?: (own: NodeJS.ProcessEnv) => ForkOrder | undefined; mayGoAhead?: boolean } = {},
): { gunicorn: EarlyService; reader: EarlyReader | undefined } {
  const { argv, cwd, user, sockets } = plan;
  const gate = makePipe();
  const [stdout, stderr] = [openChildPipe(), openChildPipe()];
  const held = descriptorsOf(plan);
  const plain = {
    ...ofService(plan, environment),
    ...(sockets === undefined ? {} : socketVariables(sockets.variable, held.length)),
    [GATE_VARIABLE]: String(FIRST_FD + held.length),
  };
  const fork = orderFork(plain);
  const own = { ...plain, ...fork?.variable(plain, FIRST_FD + held.length + 1) };
  const start = asService(user, argv, own, plan.confinement && confinementWords(plan.confinement));
  // Its own session, as the supervising half starts its services.
  const { child } = startChild(start, {
    cwd,
    stdio: ["ignore", stdout.writeFd, stderr.writeFd, ...held, gate.readFd, ...(fork?.childFds ?? [])],
    detached: true,
  });
  child?.unref();
  for (const fd of [stdout.writeFd, stderr.writeFd, gate.readFd]) closeSync(fd);
  // Who is held already takes any word for the one that opens the gate.
  let ahead: "may" | "is" | "may-not" | "dismissed" = mayGoAhead && fork?.holds !== true ? "may" : "may-not";
  /** Its PID; undefined once it has been waited for, for the number may be another process's by then. */
  const livePid = (): number | undefined =>
    child?.exitCode === null && child.signalCode === null ? child.pid : undefined;
  const gunicorn: EarlyService = {
    open: (found) => {
      const pid = livePid();
      const isAlive =
        ahead !== "dismissed" && pid !== undefined && say(gate.writeFd, `1${JSON.stringify(found)}`);
      closeSync(gate.writeFd);
      if (isAlive) return { pid, stdoutFd: stdout.readFd, stderrFd: stderr.readFd };
      for (const fd of [stdout.readFd, stderr.readFd]) closeSync(fd);
      return undefined;
    },
    endStatus: () => {
      if (child === undefined || (child.exitCode === null && child.signalCode === null)) return undefined;
      return exitStatusOf(child.exitCode, child.signalCode);
    },
    goAhead: () => {
      if (ahead === "may") ahead = say(gate.writeFd, AHEAD) ? "is" : "may-not";
    },
    dismiss: () => {
      if (ahead === "is") {
        ahead = "dismissed";
        const pid = livePid();
        if (pid !== undefined) signalTree(pid, "SIGKILL");
      } else if (ahead === "may") ahead = "may-not";
    },
  };
  return { gunicorn, reader: fork?.readerOf(child?.pid) };
}

function say(gateFd: number, word: string): boolean {
  try {
    return writeSync(gateFd, word) > 0;
  } catch {
    // EPIPE: it has ended.
    return false;
  }
}
