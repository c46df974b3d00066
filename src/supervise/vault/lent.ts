// What is lent, and what is said and done when it cannot be kept.
import { DjinitError } from "../../base/errors.ts";
import { logError, type OwnLog } from "../../logs/write/own-log.ts";
import { VaultFailure } from "../../vault/failure.ts";
import { dueMs, pauseMs } from "../../vault/lease-times.ts";
import type { Lease } from "../../vault/state.ts";

/** What ends unless it is looked after: a secret's lease, or the token. */
export interface Kept {
  /** Undefined: the token. */
  path: string | undefined;
  lease: Lease;
  dueMs: number;
  /** In a row. */
  failures: number;
  renewedMs: number | undefined;
  saidEnded: boolean;
}

export interface LeaseView {
  path: string;
  secondsLeft: number;
  /** Since the last renewal; undefined: none yet. */
  renewedSecondsAgo?: number;
  failures: number;
}

export function keptOf(path: string | undefined, lease: Lease): Kept {
  return { path, lease, dueMs: dueMs(lease), failures: 0, renewedMs: undefined, saidEnded: false };
}

export function viewOf({ path, lease, failures, renewedMs }: Kept, nowMs: number): LeaseView {
  return {
    path: path ?? "token",
    secondsLeft: Math.max(0, Math.round((lease.endMs - nowMs) / 1_000)),
    ...(renewedMs === undefined ? {} : { renewedSecondsAgo: Math.round((nowMs - renewedMs) / 1_000) }),
    failures,
  };
}

export function recover(kept: Kept, log: OwnLog): void {
  if (kept.failures > 0) log.info({ path: kept.path ?? "token" }, `Vault has answered for ${nameOf(kept)}`);
  kept.failures = 0;
  kept.saidEnded = false;
}

/** A refused renewal is followed by new credentials; all else is tried again, also when the lease has ended. */
export function fail(kept: Kept, { kind, message }: VaultFailure, nowMs: number, log: OwnLog): void {
  const path = kept.path ?? "token";
  kept.failures += 1;
  const leftMs = kept.lease.endMs - nowMs;
  const seconds_left = Math.max(0, Math.round(leftMs / 1_000));
  if (leftMs <= 0 && !kept.saidEnded) {
    kept.saidEnded = true;
    const text = `${nameOf(kept)} has ended in Vault and cannot be replaced: the services go on with what they have`;
    logError(log, new DjinitError("DJINIT_VAULT_LEASE_ENDED", text, { fields: { path, cause: message } }));
  } else if (kept.failures === 1) {
    const what = kept.lease.renewable ? "renew" : "replace";
    const text = `cannot ${what} ${nameOf(kept)}: ${message}; it lives for ${seconds_left} s`;
    log.warn({ path, cause: message, seconds_left }, text);
  }
  if (kind === "refused" && kept.lease.renewable) {
    kept.lease = { ...kept.lease, renewable: false };
    kept.dueMs = nowMs;
    return;
  }
  const nextMs = nowMs + pauseMs(kept.failures);
  // Its end is to be noticed.
  kept.dueMs = leftMs > 0 ? Math.min(nextMs, kept.lease.endMs) : nextMs;
}

export function nameOf({ path }: Pick<Kept, "path">): string {
  return path === undefined ? "the token" : `the lease of ${path}`;
}

/** A file of a login that cannot be read is as good as a refusal. */
export function asFailure(error: unknown): VaultFailure {
  return error instanceof VaultFailure ? error : new VaultFailure("refused", (error as Error).message);
}
