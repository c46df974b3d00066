// One process of a service: its stdio, its user, its own session.
import { spawn } from "node:child_process";
import type { Clock } from "../../base/clock.ts";
import { exitStatusOf } from "../../base/exit-status.ts";
import type { RelayObserver } from "../../logs/observer.ts";
import { continueRelay, openRelay, type Relay } from "../../logs/read/relay.ts";
import type { Fields } from "../../logs/record.ts";
import type { Sink } from "../../logs/write/sink.ts";
import { ofService } from "../../plan/environment.ts";
import type { ServicePlan, StartedProcess } from "../../plan/plan.ts";
import { asService } from "../../platform/service-argv.ts";
import type { Reaper } from "./reaper.ts";

export interface SpawnOptions {
  plan: ServicePlan;
  environment: NodeJS.ProcessEnv;
  sink: Sink;
  clock: Clock;
  reaper: Reaper;
  onRecord: (fields: Fields) => void;
  onLine?: ((text: string) => void) | undefined;
  observer?: RelayObserver | undefined;
  /** The words of what the process may reach; undefined: whatever its user may. */
  confined?: readonly string[] | undefined;
  /** Listening sockets that the process inherits, from descriptor 3 on. */
  sockets?: readonly number[];
}

export interface Spawned {
  /** Undefined if the process could not be started. */
  pid: number | undefined;
  /** Resolves with the exit status. Errors: the system's, if the process could not be started. */
  ended: Promise<number>;
  /** The signal that ended the process, if it can be told from a status of 128+n. */
  endSignal: () => NodeJS.Signals | undefined;
  /** Resolves when all of the process's output has been passed on. */
  relayed: Promise<unknown>;
}

/** Starts a process. Errors: throws if no descriptor or no memory is left. */
export function spawnService(options: SpawnOptions): Spawned {
  const { plan, environment, sockets = [], reaper, confined } = options;
  const { file, args, env } = asService(plan.user, plan.argv, ofService(plan, environment), confined);
  const common = { cwd: plan.cwd, env };
  if (plan.output === "inherit") {
    // In the same session, since a process in its own session loses the terminal.
    const child = spawn(file, args, { ...common, stdio: "inherit" });
    return { pid: child.pid, ...endOf(child, reaper), relayed: Promise.resolve() };
  }
  const relays: Relay[] = [];
  let pid: number | undefined;
  try {
    for (const _ of ["stdout", "stderr"]) relays.push(openRelay(relayOptions(options)));
    // In its own session, and so its own process group: processes that it leaves behind can be found and ended.
    const stdio = ["ignore" as const, ...relays.map(({ writeFd }) => writeFd), ...sockets];
    const child = spawn(file, args, { ...common, stdio, detached: true });
    pid = child.pid;
    const relayed = Promise.all(relays.map(({ ended }) => ended));
    return { pid, ...endOf(child, reaper), relayed };
  } finally {
    // Without a child too: a pipe whose write end stays open here is read for ever.
    for (const relay of relays) relay.childHasIt(pid);
  }
}

/** Takes over a process that the boot has started. */
export function adoptService({ pid, stdoutFd, stderrFd }: StartedProcess, options: SpawnOptions): Spawned {
  const relayed = [stdoutFd, stderrFd].map((fd) => continueRelay(fd, pid, relayOptions(options)));
  return {
    pid,
    ended: options.reaper.endOf(pid),
    endSignal: () => undefined,
    relayed: Promise.all(relayed),
  };
}

/** Sends a signal to a process, or to a process group where `pid` is negative. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: the process has ended by itself; its exit event reports that.
  }
}

function relayOptions({ plan, sink, clock, onRecord, onLine, observer }: SpawnOptions) {
  return { service: plan.name, sink, clock, onRecord, onLine, observer };
}

function endOf(child: ReturnType<typeof spawn>, reaper: Reaper): Pick<Spawned, "ended" | "endSignal"> {
  const { pid } = child;
  if (pid !== undefined) reaper.leaveToNode(pid);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once("error", reject);
  child.once("exit", (code, signal) => {
    if (pid !== undefined) reaper.forget(pid, signal);
    resolve(exitStatusOf(code, signal));
  });
  return { ended: promise, endSignal: () => child.signalCode ?? undefined };
}
