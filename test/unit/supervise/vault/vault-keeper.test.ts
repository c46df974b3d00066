import { setImmediate as settled } from "node:timers/promises";
import { expect, test } from "vitest";
import { VaultKeeper } from "../../../../src/supervise/vault/vault-keeper.ts";
import { wakefulClock } from "../../../../src/supervise/vault/wakeful-clock.ts";
import type { VaultClient } from "../../../../src/vault/client.ts";
import { VaultFailure } from "../../../../src/vault/failure.ts";
import type { Lease, Login, VaultState } from "../../../../src/vault/state.ts";
import { VirtualClock } from "../../../support/virtual-clock.ts";

const PATH = "database/creds/app";
const FULL_S = 30;
const APPROLE: Login = { kind: "approle", mount: "approle", roleId: "r" };

/** Vault in virtual time: what is lent for 30 s lives for `maxS` at most. */
function start({ maxS = 1e9, login = APPROLE, tokenS = 0 } = {}) {
  const timers = new VirtualClock();
  /** How long the machine has slept. */
  const slept = { ms: 0 };
  const clock = wakefulClock(timers, () => 1e12 + timers.monotonicMs() + slept.ms);
  const done: string[] = [];
  const records: { level: string; msg: string; fields: Record<string, unknown> }[] = [];
  const down = { why: undefined as VaultFailure | undefined, only: /./ };
  /** What an operator has written to `secret/app`. */
  const kv: Record<string, string> = {};
  let born = 0;
  const nowS = (): number => Math.floor(clock.monotonicMs() / 1_000);
  let tokens = 1;
  const at = (what: string): void => void done.push(`${nowS()} s ${what}`);
  const ask = (what: string): void => {
    if (down.why !== undefined && down.only.test(what)) throw down.why;
    at(what);
  };
  const lease = (seconds: number, fullS = FULL_S): Lease => {
    const grantedMs = seconds * 1_000;
    return { fullMs: fullS * 1_000, grantedMs, endMs: clock.monotonicMs() + grantedMs, renewable: true };
  };
  const client: VaultClient = {
    async logIn() {
      ask("login");
      tokens += 1;
      return {
        value: `token ${tokens}`,
        isOwn: true,
        ...(tokenS > 0 ? { lease: lease(tokenS, tokenS) } : {}),
      };
    },
    // Only at the start.
    unwrap: (wrapping) => Promise.reject(new Error(`unwrapped ${wrapping}`)),
    async read(path, token) {
      ask(`read ${path} with ${token}`);
      born = clock.monotonicMs() / 1_000;
      return path === PATH
        ? {
            values: { username: `born at ${Math.floor(born)}` },
            lease: { ...lease(FULL_S), id: `lease of ${Math.floor(born)}` },
          }
        : { values: { KEY: `read at ${Math.floor(born)}`, ...kv } };
    },
    async renew(id) {
      ask(`renew ${id}`);
      return lease(Math.min(FULL_S, born + maxS - clock.monotonicMs() / 1_000));
    },
    async renewToken(_, token) {
      ask(`renew ${token}`);
      return lease(1, tokenS);
    },
    async revoke(id) {
      ask(`revoke ${id}`);
    },
    async revokeToken(token) {
      ask(`revoke ${token}`);
    },
  };
  const record =
    (level: string) =>
    (fields: Record<string, unknown>, msg: string): void =>
      void records.push({ level, msg, fields });
  const log = { debug: record("debug"), info: record("info"), warn: record("warn"), error: record("error") };
  const state: VaultState = {
    server: { address: "https://vault" },
    login,
    token: { value: "token 1", isOwn: true, ...(tokenS > 0 ? { lease: lease(tokenS, tokenS) } : {}) },
    secrets: {
      [PATH]: { values: { username: "born at 0" }, lease: { ...lease(FULL_S), id: "lease of 0" } },
      "secret/app": { values: { KEY: "old" } },
    },
    unused: [{ path: "database/creds/owner", id: "lease of the boot" }],
  };
  const keeper = new VaultKeeper(state, { clock, log, client, reload: () => at("reload") });
  const pass = async (seconds: number): Promise<void> => {
    for (let passed = 0; passed < seconds * 2; passed += 1) {
      timers.advance(500);
      await settled();
    }
  };
  const resolve = async (environment: Record<string, string>) => {
    const sources = {
      envFiles: [],
      secretsDirectory: undefined,
      own: [],
      named: [],
      unset: [],
      origins: {},
      taken: {},
    };
    await keeper.resolve({ environment, sources });
    return environment;
  };
  return { keeper, done, records, down, kv, pass, resolve, slept };
}

const USER = { DATABASE_USER: `vault:${PATH}#username` };

test("a lease is renewed at two thirds of its life, again and again", async () => {
  const { done, pass, records } = start();
  await pass(61);
  expect(done).toEqual(["20 s renew lease of 0", "40 s renew lease of 0", "60 s renew lease of 0"]);
  expect(records.map(({ level }) => level)).toEqual(["debug", "debug", "debug"]);
});

test("near its longest life it is replaced before it ends; the old one is revoked at the end", async () => {
  const { done, keeper, pass, resolve } = start({ maxS: 40 });
  await pass(34);
  // Of 40 s 20 are left at 20 s: due at two thirds of these.
  expect(done).toEqual(["20 s renew lease of 0", "33 s read database/creds/app with token 1", "33 s reload"]);
  expect(await resolve({ ...USER })).toEqual({ DATABASE_USER: "born at 33" });
  done.length = 0;
  await keeper.close();
  expect(done.map((line) => line.replace(/^\S+ s /, "")).sort()).toEqual([
    "revoke lease of 0",
    "revoke lease of 33",
    "revoke lease of the boot",
    "revoke token 1",
  ]);
});

test("credentials that no reload has taken are brought up again", async () => {
  const { done, keeper, pass, resolve } = start({ maxS: 40 });
  await pass(64);
  expect(done.filter((line) => line.endsWith("reload"))).toHaveLength(2);
  await resolve({ ...USER });
  keeper.settle(true);
  const before = done.filter((line) => line.endsWith("reload")).length;
  await pass(2);
  expect(done.filter((line) => line.endsWith("reload"))).toHaveLength(before);
});

test("a service that refuses a rotation is asked again with the same values until it takes them", async () => {
  const { done, keeper, pass, resolve } = start({ maxS: 40 });
  const reloads = () => done.filter((line) => line.endsWith("reload"));
  await pass(34);
  expect(reloads()).toEqual(["33 s reload"]);
  expect(await resolve({ ...USER })).toEqual({ DATABASE_USER: "born at 33" });
  // Its check takes its time, and refuses.
  keeper.settle(false);
  await pass(31);
  expect(reloads()).toHaveLength(2);
  expect(await resolve({ ...USER })).toEqual({ DATABASE_USER: "born at 33" });
  keeper.settle(true);
  const before = reloads().length;
  await pass(1);
  expect(reloads()).toHaveLength(before);
});

test("a mend in Vault reaches the reload after one that was refused, also while a rotation is refused", async () => {
  const { done, keeper, kv, pass, resolve } = start({ maxS: 40 });
  const given = { ...USER, KEY: "vault:secret/app#KEY" };
  kv["KEY"] = "bad";
  expect(await resolve({ ...given })).toEqual({ DATABASE_USER: "born at 0", KEY: "bad" });
  keeper.settle(false);
  await pass(34);
  done.length = 0;
  // New credentials come with what was known: nothing else decides about them.
  expect(await resolve({ ...given })).toEqual({ DATABASE_USER: "born at 33", KEY: "bad" });
  expect(done).toEqual([]);
  keeper.settle(false);
  kv["KEY"] = "mended";
  expect(await resolve({ ...given })).toEqual({ DATABASE_USER: "born at 33", KEY: "mended" });
});

test("a key that a rotation lacks is looked for in Vault by the reload after it", async () => {
  const { keeper, kv, pass, resolve } = start({ maxS: 40 });
  await pass(34);
  kv["OTHER"] = "new";
  const given = { ...USER, OTHER: "vault:secret/app#OTHER" };
  await expect(resolve({ ...given })).rejects.toThrow("OTHER needs OTHER");
  keeper.settle(false);
  expect(await resolve({ ...given })).toEqual({ DATABASE_USER: "born at 33", OTHER: "new" });
});

test("where a rotation has not come as far as its values, the reload after it reads Vault", async () => {
  const { keeper, kv, pass, resolve } = start({ maxS: 40 });
  await pass(34);
  kv["KEY"] = "mended";
  // A file of variables could not be read.
  keeper.settle(false);
  expect(await resolve({ KEY: "vault:secret/app#KEY" })).toEqual({ KEY: "mended" });
});

test("what ended while the machine slept is replaced within a minute", async () => {
  const { done, pass, slept } = start();
  await pass(5);
  slept.ms = 3_600_000;
  await pass(61);
  expect(done.slice(0, 2)).toEqual(["3620 s read database/creds/app with token 1", "3620 s reload"]);
});

test("in an outage it is tried again; the lease lives on, and what has ended is said once and then replaced", async () => {
  const { done, down, keeper, pass, records } = start();
  down.why = new VaultFailure("unreachable", "503, Vault is sealed", 503);
  await pass(29);
  expect(records.map(({ level, msg }) => `${level}: ${msg}`)).toEqual([
    `warn: cannot renew the lease of ${PATH}: 503, Vault is sealed; it lives for 10 s`,
  ]);
  expect(keeper.failures).toBeGreaterThan(2);
  await pass(120);
  expect(records.filter(({ fields }) => fields["code"] === "DJINIT_VAULT_LEASE_ENDED")).toHaveLength(1);
  expect(keeper.leases()).toMatchObject([{ path: PATH, secondsLeft: 0 }]);
  down.why = undefined;
  await pass(31);
  expect(done.filter((line) => line.includes("read"))).toHaveLength(1);
  expect(done.some((line) => line.endsWith("reload"))).toBe(true);
  expect(keeper.leases()[0]?.failures).toBe(0);
});

test("a refused renewal is followed by new credentials at once, and a refused token by a login", async () => {
  const { done, down, pass } = start();
  down.why = new VaultFailure("refused", "403, permission denied", 403);
  down.only = /^renew|with token 1$/;
  await pass(21);
  expect(done).toEqual(["20 s login", "20 s read database/creds/app with token 2", "20 s reload"]);
});

test("a token that cannot be extended is replaced, and all that it was lent with it", async () => {
  const { done, pass } = start({ tokenS: 9 });
  await pass(7);
  // Renewed at 6 s, for 1 s only.
  expect(done.slice(0, 4)).toEqual([
    "6 s renew token 1",
    "6 s login",
    "7 s read database/creds/app with token 2",
    "7 s reload",
  ]);
});

test("a reload reads anew what is not lent; what is gone is given back, in an outage the old value serves", async () => {
  const { done, down, keeper, pass, resolve } = start();
  await pass(5);
  const given = { ...USER, KEY: "vault:secret/app#KEY" };
  expect(await resolve({ ...given })).toEqual({ DATABASE_USER: "born at 0", KEY: "read at 5" });
  expect(done).toEqual(["5 s read secret/app with token 1"]);
  down.why = new VaultFailure("unreachable", "no answer");
  expect((await resolve({ ...given }))["KEY"]).toBe("read at 5");
  down.why = new VaultFailure("refused", "404, there is nothing at this path", 404);
  await expect(resolve({ ...given })).rejects.toMatchObject({ code: "DJINIT_RELOAD_REFUSED" });
  down.why = undefined;
  await expect(resolve({ KEY: "vault:secret/app#NO_SUCH" })).rejects.toThrow("KEY needs NO_SUCH");
  await resolve({ KEY: "vault:secret/app#KEY" });
  expect(keeper.leases()).toEqual([]);
});
