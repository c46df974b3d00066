// Keeps what Vault has lent: renews it, replaces it before it ends, gives it back at the end. In PID 1 itself: a process of its
// own would take more memory, and keep nothing from PID 1, which has the services' environment anyway.
import type { Clock } from "../../base/clock.ts";
import { DjinitError } from "../../base/errors.ts";
import type { Problem } from "../../config/problem.ts";
import type { SourcedVariables } from "../../config/sources/sources.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import type { VaultClient } from "../../vault/client.ts";
import { VaultFailure } from "../../vault/failure.ts";
import { dueMs, renewed } from "../../vault/lease-times.ts";
import { blame, findMissing, findWanted, giveValues, pathsOf, type Wanted } from "../../vault/references.ts";
import { type Held, revokeAll } from "../../vault/revoke.ts";
import type { Lease, Secret, Token, VaultState } from "../../vault/state.ts";
import { asFailure, fail, type Kept, keptOf, type LeaseView, nameOf, recover, viewOf } from "./lent.ts";
import { Rotation } from "./rotation.ts";

export type { LeaseView } from "./lent.ts";

/** A timer stands still while the machine sleeps; a lease does not. */
const LONGEST_WAIT_MS = 60_000;

export interface KeeperDependencies {
  clock: Clock;
  log: OwnLog;
  client: VaultClient;
  /** Gives the services the new values. */
  reload: () => void;
}

export class VaultKeeper {
  readonly #with: KeeperDependencies;
  readonly #login: VaultState["login"];
  #tokens: [Token, ...Token[]];
  readonly #secrets: Map<string, Secret>;
  readonly #kept = new Set<Kept>();
  readonly #rotation: Rotation;
  /** Leases that nobody uses any more. */
  readonly #superseded: Held[];
  #cancel = (): void => {};
  #working = false;
  #closed = false;
  #failures = 0;

  /** The times in `state` are on `clock`. */
  constructor(state: VaultState, dependencies: KeeperDependencies) {
    this.#with = dependencies;
    this.#rotation = new Rotation(dependencies.clock, dependencies.reload);
    this.#login = state.login;
    this.#tokens = [state.token];
    this.#secrets = new Map(Object.entries(state.secrets));
    this.#superseded = [...state.unused];
    if (state.token.lease !== undefined) this.#keep(undefined, state.token.lease);
    for (const [path, { lease }] of this.#secrets) if (lease !== undefined) this.#keep(path, lease);
    this.#plan();
  }

  /** Attempts to renew or replace that have failed. */
  get failures(): number {
    return this.#failures;
  }

  leases(): LeaseView[] {
    const nowMs = this.#with.clock.monotonicMs();
    return [...this.#kept].map((kept) => viewOf(kept, nowMs));
  }

  /**
   * Gives variables their values, in place, for a reload. What is leased stays as it is; the rest is read anew. While Vault does
   * not answer, what is known serves. Errors: DJINIT_RELOAD_REFUSED.
   */
  async resolve(variables: SourcedVariables): Promise<void> {
    const problems: Problem[] = [];
    const wanted = findWanted(variables, problems);
    const paths = pathsOf(wanted);
    // What is refused may be what an operator mends in Vault: only the first reload leaves that out.
    const isRotation = this.#rotation.isUntried;
    for (const path of paths) {
      const known = this.#secrets.get(path);
      if (known !== undefined && (known.lease !== undefined || isRotation)) continue;
      await this.#readForReload(path, known, wanted, problems);
    }
    const secrets = Object.fromEntries(this.#secrets);
    problems.push(...findMissing(wanted, secrets));
    if (problems.length === 0) giveValues(variables, wanted, secrets, problems);
    if (problems.length > 0) {
      const text = problems.map(({ problem }) => problem).join("; ");
      throw new DjinitError(
        "DJINIT_RELOAD_REFUSED",
        `cannot reload: ${text}; the services go on as they are`,
        {
          fields: { problems },
        },
      );
    }
    this.#rotation.handOut();
    for (const path of this.#secrets.keys()) if (!paths.includes(path)) this.#supersede(path);
    this.#plan();
  }

  /** A reload is over. `isTaken`: every service that reads the environment has taken it. */
  settle(isTaken: boolean): void {
    this.#rotation.settle(isTaken);
  }

  /** Gives everything back, when the services have ended. Resolves within bounded time. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    this.#rotation.close();
    const { client, clock, log } = this.#with;
    const leases = [...this.#superseded];
    for (const [path, { lease }] of this.#secrets)
      if (lease !== undefined) leases.push({ path, id: lease.id });
    const { revoked, left } = await revokeAll(client, leases, this.#tokens, clock);
    if (revoked.length > 0) log.info({ paths: revoked }, `revoked in Vault: ${revoked.join(", ")}`);
    for (const [path, cause] of Object.entries(left))
      log.warn({ path, cause }, `cannot revoke the lease of ${path}: ${cause}; it ends by itself`);
  }

  async #readForReload(
    path: string,
    known: Secret | undefined,
    wanted: readonly Wanted[],
    problems: Problem[],
  ): Promise<void> {
    try {
      const secret = await this.#read(path);
      this.#secrets.set(path, secret);
      if (secret.lease !== undefined) this.#keep(path, secret.lease);
    } catch (error) {
      const failure = asFailure(error);
      if (failure.kind === "unreachable" && known !== undefined) {
        const text = `cannot read ${path} from Vault: ${failure.message}; what it had before serves`;
        this.#with.log.warn({ path, cause: failure.message }, text);
      } else problems.push(...blame(wanted, path, failure));
    }
  }

  #keep(path: string | undefined, lease: Lease): void {
    this.#kept.add(keptOf(path, lease));
  }

  /** It ends by itself, or is revoked at the end. */
  #supersede(path: string): void {
    const id = this.#secrets.get(path)?.lease?.id;
    if (id !== undefined) this.#superseded.push({ path, id });
    this.#secrets.delete(path);
    for (const kept of this.#kept) if (kept.path === path) this.#kept.delete(kept);
  }

  #plan(): void {
    this.#cancel();
    if (this.#closed || this.#working) return;
    const nextMs = Math.min(...[...this.#kept].map((kept) => kept.dueMs));
    if (nextMs === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.max(0, nextMs - this.#with.clock.monotonicMs());
    this.#cancel = this.#with.clock.after(Math.min(LONGEST_WAIT_MS, waitMs), () => void this.#work());
  }

  /** One after the other: a new token comes before what needs it. */
  async #work(): Promise<void> {
    this.#working = true;
    let replaced = false;
    for (const kept of [...this.#kept]) {
      if (this.#closed) break;
      if (!this.#kept.has(kept) || kept.dueMs > this.#with.clock.monotonicMs()) continue;
      replaced = (await this.#look(kept)) || replaced;
    }
    this.#working = false;
    if (replaced && !this.#closed) this.#rotation.begin();
    this.#plan();
  }

  /** Whether services need new values now. */
  async #look(kept: Kept): Promise<boolean> {
    try {
      if (kept.lease.renewable && kept.lease.endMs > this.#with.clock.monotonicMs()) await this.#renew(kept);
      else if (kept.path === undefined) await this.#replaceToken(kept);
      else {
        await this.#replace(kept, kept.path);
        return true;
      }
    } catch (error) {
      this.#failures += 1;
      fail(kept, asFailure(error), this.#with.clock.monotonicMs(), this.#with.log);
    }
    return false;
  }

  async #renew(kept: Kept): Promise<void> {
    const { client, clock, log } = this.#with;
    const { fullMs } = kept.lease;
    const [token] = this.#tokens;
    const id = kept.path === undefined ? undefined : this.#secrets.get(kept.path)?.lease?.id;
    const granted = await (id === undefined
      ? client.renewToken(fullMs, token.value)
      : client.renew(id, fullMs, token.value));
    kept.lease = renewed(kept.lease, granted);
    kept.dueMs = dueMs(kept.lease);
    kept.renewedMs = clock.monotonicMs();
    recover(kept, log);
    const what = nameOf(kept);
    log.debug({ path: kept.path ?? "token", lease_seconds: granted.grantedMs / 1_000 }, `renewed ${what}`);
  }

  async #replace(kept: Kept, path: string): Promise<void> {
    const secret = await this.#read(path);
    recover(kept, this.#with.log);
    this.#supersede(path);
    this.#secrets.set(path, secret);
    if (secret.lease !== undefined) this.#keep(path, secret.lease);
    this.#with.log.info({ path }, `new credentials from ${path}: reloading the services with them`);
  }

  /** With a token end its leases: all of them are replaced. Errors: VaultFailure. */
  async #replaceToken(kept: Kept | undefined): Promise<void> {
    const [before] = this.#tokens;
    const token = await this.#with.client.logIn(this.#login);
    if (token.value === before.value && kept !== undefined)
      throw new VaultFailure("refused", "it cannot be renewed any longer, and no other token is given");
    if (token.value === before.value) return;
    this.#tokens = [token, ...this.#tokens];
    for (const it of this.#kept) {
      if (it.path === undefined) this.#kept.delete(it);
      else Object.assign(it, { lease: { ...it.lease, renewable: false }, dueMs: 0 });
    }
    if (token.lease !== undefined) this.#keep(undefined, token.lease);
    this.#with.log.info({ path: "token" }, "logged in to Vault again");
  }

  /** A token that has been revoked, or has ended unseen, is replaced once. Errors: VaultFailure. */
  async #read(path: string): Promise<Secret> {
    try {
      return await this.#with.client.read(path, this.#tokens[0].value);
    } catch (error) {
      const { status } = asFailure(error);
      const mayBeTheToken =
        status === 403 && (this.#login.kind !== "token" || this.#login.file !== undefined);
      if (!mayBeTheToken) throw error;
      await this.#replaceToken(undefined);
      return await this.#with.client.read(path, this.#tokens[0].value);
    }
  }
}
