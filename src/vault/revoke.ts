// The end: leases and djinit's own token are given back.
import { type Clock, within } from "../base/clock.ts";
import type { VaultClient } from "./client.ts";
import { VaultFailure } from "./failure.ts";
import type { Token } from "./state.ts";

/** The orchestrator kills soon after the grace period, and what is not given back ends by itself. */
const TIMEOUT_MS = 3_000;

export interface Held {
  path: string;
  id: string;
}

export interface Revocation {
  revoked: string[];
  /** Path → why not. */
  left: Record<string, string>;
}

/** Resolves within bounded time. Never throws. */
export async function revokeAll(
  client: Pick<VaultClient, "revoke" | "revokeToken">,
  leases: readonly Held[],
  tokens: readonly Token[],
  clock: Clock,
): Promise<Revocation> {
  const [token, ...older] = tokens;
  const left: Record<string, string> = Object.fromEntries(
    leases.map(({ path }) => [path, "no answer in time"]),
  );
  const revoked: string[] = [];
  const work = async (): Promise<void> => {
    const each = leases.map(async ({ path, id }) => {
      try {
        await client.revoke(id, token?.value ?? "");
        delete left[path];
        revoked.push(path);
      } catch (error) {
        left[path] = (error as Error).message;
      }
    });
    await Promise.all(each);
    const own = [...(token === undefined ? [] : [token]), ...older].filter(({ isOwn }) => isOwn);
    const ends = own.map((it) => client.revokeToken(it.value).then(() => it === token, isGone));
    // With a token end its leases. A policy may allow that and not the other.
    if ((await Promise.all(ends)).some(Boolean))
      for (const path of Object.keys(left)) {
        delete left[path];
        revoked.push(path);
      }
  };
  await within(clock, TIMEOUT_MS, work());
  return { revoked, left: { ...left } };
}

function isGone(error: unknown): false {
  if (error instanceof VaultFailure) return false;
  throw error;
}
