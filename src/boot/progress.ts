// How far the boot has come, for verbs and probes.
import type { Clock } from "../base/clock.ts";
import { type BootObserver, UNOBSERVED } from "./facts.ts";

export interface Progress {
  /** Since PID 1 was started. */
  totalSeconds: number;
  /** The step that runs, if one does. */
  step?: { name: string; seconds: number };
  /** What the step waits for. */
  cause?: string;
  migrations?: { applied: number; total?: number; current?: string };
}

export class BootProgress implements BootObserver {
  readonly #clock: Clock;
  readonly #startedMs: number;
  #step: { name: string; startedMs: number } | undefined;
  #cause: string | undefined;
  #total: number | undefined;
  #applied = 0;
  #current: string | undefined;
  readonly onSite = UNOBSERVED.onSite;

  constructor(clock: Clock, ageMs: number) {
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs() - ageMs;
  }

  onStepStarted(name: string): void {
    if (this.#step?.name === name) return;
    this.#step = { name, startedMs: this.#clock.monotonicMs() };
    this.#cause = undefined;
  }

  onWaiting(cause: string): void {
    this.#cause = cause;
  }

  onStep({ step }: { step: string }): void {
    if (this.#step?.name !== step) return;
    this.#step = undefined;
    this.#cause = undefined;
  }

  onPending(count: number): void {
    this.#cause = undefined;
    this.#total = this.#applied + count;
  }

  onMigrating(migration: string): void {
    this.#cause = undefined;
    this.#current = migration;
  }

  onMigrated(applied: number): void {
    this.#applied += applied;
    this.#current = undefined;
  }

  now(): Progress {
    const nowMs = this.#clock.monotonicMs();
    const since = (fromMs: number): number => Math.round((nowMs - fromMs) / 100) / 10;
    const migrates = this.#total !== undefined || this.#applied > 0 || this.#current !== undefined;
    return {
      totalSeconds: since(this.#startedMs),
      ...(this.#step && { step: { name: this.#step.name, seconds: since(this.#step.startedMs) } }),
      ...(this.#cause === undefined ? {} : { cause: this.#cause }),
      ...(migrates && {
        migrations: {
          applied: this.#applied,
          ...(this.#total === undefined ? {} : { total: this.#total }),
          ...(this.#current === undefined ? {} : { current: this.#current }),
        },
      }),
    };
  }
}

/** Completes «djinit …»: `is booting: migrate for 42 s, 3 of 12 migrations applied, cakes.0004_price is being applied`. */
export function describeProgress({ totalSeconds, step, cause, migrations }: Progress): string {
  const seconds = (exact: number): string => `${Math.floor(exact)} s`;
  if (step === undefined) return `is booting for ${seconds(totalSeconds)}`;
  const parts = [`is booting: ${step.name} for ${seconds(step.seconds)}`];
  if (cause !== undefined) parts.push(`waiting: ${cause}`);
  if (migrations !== undefined && step.name === "migrate") {
    const { applied, total, current } = migrations;
    parts.push(`${total === undefined ? applied : `${applied} of ${total}`} migrations applied`);
    if (current !== undefined) parts.push(`${current} is being applied`);
  }
  return parts.join(", ");
}
