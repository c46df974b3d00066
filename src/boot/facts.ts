// How long the boot takes and what it finds, for the metrics. The steps report it to an observer that is handed in.
import type { BootFacts } from "../plan/plan.ts";
import type { SiteFacts } from "./schema/site.ts";

export interface BootObserver {
  /** A step has begun. */
  onStepStarted(step: string): void;
  /** The step waits for something outside of the container, for this reason. */
  onWaiting(cause: string): void;
  /** A step is done. */
  onStep(done: { step: string; seconds: number }): void;
  /** This boot is to apply so many migrations. */
  onPending(count: number): void;
  /** A migration is being applied. */
  onMigrating(migration: string): void;
  /** So many migrations have been applied by this boot: 0 where none was pending. */
  onMigrated(applied: number): void;
  /** What the settings say of the site; again where a later start of Django says it again. */
  onSite(facts: SiteFacts): void;
}

/** For what is no boot. */
export const UNOBSERVED: BootObserver = {
  onStepStarted: () => {},
  onWaiting: () => {},
  onStep: () => {},
  onPending: () => {},
  onMigrating: () => {},
  onMigrated: () => {},
  onSite: () => {},
};

export interface GatheredFacts extends BootObserver {
  readonly facts: BootFacts;
  /** What was last said of it. */
  readonly site: SiteFacts | undefined;
}

export function gatherFacts(): GatheredFacts {
  const facts: BootFacts = { stepSeconds: {} };
  let site: SiteFacts | undefined;
  const onMigrated = (applied: number): void => {
    // A boot that goes on to the services has left none.
    facts.migrations ??= { applied: 0, pending: 0 };
    facts.migrations.applied += applied;
  };
  return {
    ...UNOBSERVED,
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

/** Reports to both. */
export function observeBoth<First extends BootObserver>(first: First, second: BootObserver): BootObserver {
  return {
    onStepStarted: (step) => both((it) => it.onStepStarted(step)),
    onWaiting: (cause) => both((it) => it.onWaiting(cause)),
    onStep: (done) => both((it) => it.onStep(done)),
    onPending: (count) => both((it) => it.onPending(count)),
    onMigrating: (migration) => both((it) => it.onMigrating(migration)),
    onMigrated: (applied) => both((it) => it.onMigrated(applied)),
    onSite: (site) => both((it) => it.onSite(site)),
  };
  function both(report: (observer: BootObserver) => void): void {
    report(first);
    report(second);
  }
}
