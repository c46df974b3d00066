// What the boot stands on: its directories, and answers to verbs, probes and metrics when it takes long.
import { systemClock } from "../base/clock.ts";
import type { AnsweringPlan } from "../plan/build-plan.ts";
import { requireBootCapabilities } from "../platform/credentials.ts";
import type { BootContext } from "./context.ts";
import { findRunDirectory } from "./files/run-directory.ts";
import { makeRuntimeDirectories, type RunDirectory } from "./files/runtime-directories.ts";
import { answerLater, type LaterAnswers } from "./status/answer-later.ts";

/** Errors: DJINIT_MISSING_CAPABILITY, DJINIT_RUNTIME_DIRECTORY. */
export function layGround({ invocation, isRoot, place }: BootContext): RunDirectory {
  if (isRoot) requireBootCapabilities();
  return place.isFirst ? makeRuntimeDirectories(isRoot, invocation.half) : { path: findRunDirectory() };
}

/** Verbs, probes and metrics, from when the boot takes long. Not beside another djinit, which answers itself. */
export function answerWhileBooting(context: BootContext, plan: AnsweringPlan): LaterAnswers {
  const { gathered, invocation, log, place, progress, reload, signal } = context;
  if (!place.isFirst) return { handOver: async () => ({}) };
  const { role } = invocation;
  const notes = plan.note === undefined ? [] : [plan.note];
  const state = () => ({ role, notes, draining: signal.aborted, progress: progress.now() });
  const answering = { log, state, facts: () => gathered.facts, reload: () => reload.ask() };
  const open = async () => (await import("./status/serve.ts")).serveAnswers(plan, answering);
  return answerLater(open, log, systemClock);
}
