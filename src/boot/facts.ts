// How long the boot takes and what it finds, for the metrics. The steps report it to an observer that is handed in.
import type { BootFacts } from "../plan/plan.ts";
import type { SiteFacts } from "./schema/site.ts";

export interface BootObserver {
  /** A step is done. */
  onStep(done: { step: string; seconds: number }): void;
  /** So many migrations have been applied by this boot: 0 where none was pending. None is left. */
  onMigrated(applied: number): void;
  /** What the settings say of the site; again where a later start of Django says it again. */
  onSite(facts: SiteFacts): void;
}

/** For what is no boot. */
export const UNOBSERVED: BootObserver = { onStep: () => {}, onMigrated: () => {}, onSite: () => {} };

/** `site` is what was last said of it. */
export type GatheredFacts = BootObserver & {
  readonly facts: BootFacts;
  readonly site: SiteFacts | undefined;
};

export function gatherFacts(): GatheredFacts {
  const facts: BootFacts = { stepSeconds: {} };
  let site: SiteFacts | undefined;
  const onMigrated = (applied: number): void => {
    // A boot that goes on to the services has left none.
    facts.migrations ??= { applied: 0, pending: 0 };
    facts.migrations.applied += applied;
  };
  return {
    facts,
    get site() {
      return site;
    },
    onSite: (said) => {
      site = said;
    },
    onMigrated,
    onStep: ({ step, seconds }) => {
      facts.stepSeconds[step] = seconds;
      if (step === "migrate") onMigrated(0);
    },
  };
}
