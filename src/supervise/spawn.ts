// One process of a service: its stdio, its user, its own session.
import { type ChildProcess, spawn } from "node:child_process";
import type { Clock } from "../base/clock.ts";
import type { RelayObserver } from "../logs/observer.ts";
import type { Fields } from "../logs/record.ts";
import { openRelay } from "../logs/relay.ts";
import type { Sink } from "../logs/sink.ts";
import { RELAYED } from "../plan/environment.ts";
import type { ServicePlan } from "../plan/plan.ts";
import { dropTo } from "../platform/credentials.ts";
import { oomScoreAdjustment } from "../platform/proc.ts";

/**
 * When memory runs out the kernel is to choose among the services, never PID 1. Only raising one's own score needs no
 * right, and Kubernetes starts containers with scores of up to 1000: the step is taken from PID 1's own.
 */
const VICTIM_STEP = 500;
const HIGHEST_SCORE = 1_000;

export interface SpawnOptions {
  plan: ServicePlan;
  environment: NodeJS.ProcessEnv;
  sink: Sink;
  clock: Clock;
  onRecord: (fields: Fields) => void;
  observer?: RelayObserver | undefined;
  /** Listening sockets that it is given, from descriptor 3 on. */
  sockets?: readonly number[];
}

export interface Spawned {
  child: ChildProcess;
  /** Resolves when all that it wrote has been passed on. */
  relayed: Promise<unknown>;
}

export function spawnService(options: SpawnOptions): Spawned {
  const { plan, environment, sink, clock, onRecord, observer, sockets = [] } = options;
  // Without an account to become, the privileges are at least kept from growing.
  const words = [
    ...(plan.user === undefined ? ["setpriv", "--no-new-privs", "--"] : dropFor(plan.user)),
    ...["choom", "--adjust", String(Math.min(HIGHEST_SCORE, oomScoreAdjustment() + VICTIM_STEP)), "--"],
    ...plan.argv,
  ];
  const [file = "", ...args] = words;
  const env = { ...environment, ...(plan.user === undefined ? {} : plan.environment) };
  if (plan.output === "inherit") {
    // Not in a session of its own: only so does it keep the terminal.
    return { child: spawn(file, args, { cwd: plan.cwd, env, stdio: "inherit" }), relayed: Promise.resolve() };
  }
  const relay = { service: plan.name, sink, clock, onRecord, observer };
  const stdout = openRelay(relay);
  const stderr = openRelay(relay);
  // Its own session: a process group of its own, so that what it leaves behind can be found and ended.
  const child = spawn(file, args, {
    cwd: plan.cwd,
    env: { ...env, ...RELAYED },
    stdio: ["ignore", stdout.writeFd, stderr.writeFd, ...sockets],
    detached: true,
  });
  stdout.childHasIt(child.pid);
  stderr.childHasIt(child.pid);
  return { child, relayed: Promise.all([stdout.ended, stderr.ended]) };
}

/** Sends a signal to a process, or to a process group where `pid` is negative. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it has ended by itself, which is what its exit event is for.
  }
}

/** A command that keeps root keeps all of it. */
function dropFor(user: string): string[] {
  return user === "root" ? [] : dropTo(user);
}
