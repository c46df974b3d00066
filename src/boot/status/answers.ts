// What is answered while the boot is under way, in the forms of the second life (control/protocol.ts, which the boot may not
// import: test/unit/boot/status/answers.test.ts holds them together).
import { DjinitError } from "../../base/errors.ts";
import type { Role } from "../../plan/plan.ts";
import type { Verdict } from "../../serve/page-server.ts";
import { describeProgress, type Progress } from "../progress.ts";

export interface BootState {
  role: Role;
  /** The container has been asked to stop. */
  draining: boolean;
  /** What the start has left out. */
  notes: string[];
  progress: Progress;
}

const VERBS = ["status", "health", "restart", "reload", "stop", "start", "scale", "cache", "logs"] as const;
export type BootVerb = (typeof VERBS)[number];

export function isBootVerb(verb: unknown): verb is BootVerb {
  return (VERBS as readonly unknown[]).includes(verb);
}

/** `reload` asks for one, and says what comes of it. Errors: DJINIT_REFUSED for what needs services. */
export function answerVerb(verb: BootVerb, state: BootState, reload: () => string) {
  const { role, draining, progress } = state;
  switch (verb) {
    case "status":
      return {
        role,
        ready: false,
        draining,
        reasons: [`djinit ${detailOf(state)}`],
        notes: [...state.notes],
        services: [],
        boot: bootStatusOf(progress),
      };
    case "health": {
      const checks = [{ name: "djinit", live: true, ready: false, detail: detailOf(state) }];
      return { live: true, ready: false, draining, checks };
    }
    case "reload":
      return { ok: true, done: reload() };
    default:
      throw new DjinitError("DJINIT_REFUSED", `cannot ${verb} now: djinit ${detailOf(state)}`);
  }
}

/** Undefined where the path is no probe. */
export function answerProbe(path: string, state: BootState): Verdict | undefined {
  if (!["/livez", "/readyz", "/startupz"].includes(path)) return undefined;
  const ok = path === "/livez";
  return { ok, lines: [{ ok, text: `djinit ${detailOf(state)}` }] };
}

function detailOf({ draining, progress }: BootState): string {
  return draining ? "is stopping the container" : describeProgress(progress);
}

function bootStatusOf({ totalSeconds, step, cause, migrations }: Progress) {
  return {
    seconds: totalSeconds,
    ...(step === undefined ? {} : { step: step.name, step_seconds: step.seconds }),
    ...(cause === undefined ? {} : { cause }),
    ...(migrations === undefined ? {} : { migrations }),
  };
}
