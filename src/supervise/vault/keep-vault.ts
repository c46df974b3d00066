// Loaded where a variable refers to Vault: a bundle of its own.
import type { Clock } from "../../base/clock.ts";
import { readSecret } from "../../config/sources/secret-files.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import { filesFor } from "../../platform/files/files-of-root.ts";
import { vaultClient } from "../../vault/client.ts";
import type { Lease, VaultState } from "../../vault/state.ts";
import { VaultKeeper } from "./vault-keeper.ts";
import { wakefulClock } from "./wakeful-clock.ts";

const ATTEMPT_TIMEOUT_MS = 10_000;

export interface KeepOptions {
  clock: Clock;
  log: OwnLog;
  reload: () => void;
  /** Root has been given up. */
  wasRoot: boolean;
}

/** Takes over what the first life has borrowed. */
export function keepVault(state: VaultState, { wasRoot, ...options }: KeepOptions): VaultKeeper {
  const clock = wakefulClock(options.clock);
  const files = filesFor(wasRoot);
  const client = vaultClient(state.server, {
    timeoutMs: ATTEMPT_TIMEOUT_MS,
    nowMs: () => clock.monotonicMs(),
    readFile: (path) => readSecret(path, files),
  });
  return new VaultKeeper(onClock(state, clock.monotonicMs() - Date.now()), { ...options, clock, client });
}

/** The first life counted since 1970: its own clock has ended with it. */
function onClock(state: VaultState, shiftMs: number): VaultState {
  const shift = <L extends Lease>(lease: L | undefined): { lease?: L } =>
    lease === undefined ? {} : { lease: { ...lease, endMs: lease.endMs + shiftMs } };
  const secrets = Object.entries(state.secrets).map(([path, secret]) => [
    path,
    { ...secret, ...shift(secret.lease) },
  ]);
  return {
    ...state,
    token: { ...state.token, ...shift(state.token.lease) },
    secrets: Object.fromEntries(secrets),
  };
}
