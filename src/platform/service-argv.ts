// The prefix of a service's command: its user, and its score for the out-of-memory killer.
import { existsSync } from "node:fs";
import { PROGRAMS } from "../base/programs.ts";
import { dropNothing, dropTo } from "./credentials.ts";
import { setAside } from "./given-environment.ts";
import { oomScoreAdjustment } from "./proc.ts";

/**
 * When memory runs out, the kernel must choose among the services, never PID 1. A process may raise its own score without
 * any privilege. Kubernetes starts containers with scores of up to 1000, so the step is relative to PID 1's score.
 */
const VICTIM_STEP = 500;
const HIGHEST_SCORE = 1_000;

/** How to start a process. */
export interface Start {
  file: string;
  args: string[];
  env: NodeJS.ProcessEnv;
}

/** A service that runs as `user`; `confined`: the words of what it may reach (confinement/rules.ts). Errors: throws if the image has no such user. */
export function asService(
  user: string | undefined,
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  confined: readonly string[] = [],
): Start {
  // Without an account to change to, it at least cannot gain privileges.
  const drop = user === undefined ? dropNothing() : dropFor(user);
  const score = Math.min(HIGHEST_SCORE, oomScoreAdjustment() + VICTIM_STEP);
  return startAfter(drop, argv, environment, { score: String(score), confined });
}

/**
 * A command with its own environment, behind the prefix that gives up privileges. setpriv does not see that environment.
 */
export function startAfter(
  runAsPrefix: readonly string[],
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  { score = "-", confined = [] }: { score?: string; confined?: readonly string[] } = {},
): Start {
  const [file = "", ...args] = hasLauncher
    ? [...runAsPrefix, PROGRAMS.startService, score, ...confined, ...argv]
    : [...runAsPrefix, ...argv];
  return { file, args, env: hasLauncher ? setAside(environment) : environment };
}

/** The program is part of the image. When djinit runs from its sources there is none, and no root to protect. */
const hasLauncher = existsSync(PROGRAMS.startService);

/** A command that keeps root keeps all of it. */
function dropFor(user: string): string[] {
  return user === "root" ? [] : dropTo(user);
}
