// What stands before a service's command: its user, and its rank when memory runs out.
import { existsSync } from "node:fs";
import { PROGRAMS } from "../base/programs.ts";
import { dropNothing, dropTo } from "./credentials.ts";
import { setAside } from "./given-environment.ts";
import { oomScoreAdjustment } from "./proc.ts";

/**
 * When memory runs out the kernel is to choose among the services, never PID 1. Only raising one's own score needs no
 * right, and Kubernetes starts containers with scores of up to 1000: the step is taken from PID 1's own.
 */
const VICTIM_STEP = 500;
const HIGHEST_SCORE = 1_000;

/** How a process is started. */
export interface Start {
  file: string;
  args: string[];
  env: NodeJS.ProcessEnv;
}

/** A service that runs as `user`. Errors: throws when the image has no such user. */
export function asService(
  user: string | undefined,
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): Start {
  // Without an account to become, the privileges are at least kept from growing.
  const drop = user === undefined ? dropNothing() : dropFor(user);
  const score = Math.min(HIGHEST_SCORE, oomScoreAdjustment() + VICTIM_STEP);
  return startAfter(drop, argv, environment, String(score));
}

/**
 * A command with an environment of its own, behind the prefix that gives up privileges. setpriv itself sees nothing of that environment.
 */
export function startAfter(
  runAsPrefix: readonly string[],
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  score = "-",
): Start {
  const [file = "", ...args] = hasLauncher
    ? [...runAsPrefix, PROGRAMS.startService, score, ...argv]
    : [...runAsPrefix, ...argv];
  return { file, args, env: hasLauncher ? setAside(environment) : environment };
}

/** It is part of the image. Where djinit is run from its sources there is none, and no root to protect. */
const hasLauncher = existsSync(PROGRAMS.startService);

/** A command that keeps root keeps all of it. */
function dropFor(user: string): string[] {
  return user === "root" ? [] : dropTo(user);
}
