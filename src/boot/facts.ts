// How long the boot takes and what it finds, for the metrics. The steps report it to an observer that is handed in.
import type { BootFacts } from "../plan/plan.ts";

export interface BootObserver {
  /** A step is done. */
  onStep(done: { step: string; seconds: number }): void;
  /** So many migrations have been applied by this boot: 0 where none was pending. None is left. */
  onMigrated(applied: number): void;
}

/** For what is no boot. */
export const UNOBSERVED: BootObserver = { onStep: () => {}, onMigrated: () => {} };

export function gatherFacts(): BootObserver & { readonly facts: BootFacts } {
  const facts: BootFacts = { stepSeconds: {} };
  const onMigrated = (applied: number): void => {
    // A boot that goes on to the services has left none.
    facts.migrations ??= { applied: 0, pending: 0 };
    facts.migrations.applied += applied;
  };
  return {
    facts,
    onMigrated,
    onStep: ({ step, seconds }) => {
      facts.stepSeconds[step] = seconds;
      if (step === "migrate") onMigrated(0);
    },
  };
}
