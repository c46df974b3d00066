import { chmodSync, chownSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { GIVEN_FILES } from "../../../src/base/given-file.ts";
import { openVault } from "../../../src/boot/vault/open-vault.ts";
import { readConfig, readContainer } from "../../../src/config/load.ts";
import type { Problem } from "../../../src/config/problem.ts";
import {
  JWT,
  ROLE_ID,
  ROOT_TOKEN,
  SECRET_ID,
  type VaultOptions,
  VaultStandIn,
} from "../../support/vault-server.ts";

const VALUES = {
  "secret/app": { KEY: "of version 2", number: 7 },
  "kv/app": { KEY: "of version 1" },
};
const APPROLE = { DJINIT_VAULT_ROLE_ID: ROLE_ID, DJINIT_VAULT_SECRET_ID: SECRET_ID };
const running: VaultStandIn[] = [];
afterEach(async () => {
  for (const vault of running.splice(0)) await vault.close();
});

async function start(options: VaultOptions = {}): Promise<VaultStandIn> {
  const vault = await VaultStandIn.start({ values: VALUES, ...options });
  running.push(vault);
  return vault;
}

async function open(given: Record<string, string>) {
  const problems: Problem[] = [];
  const read = readContainer({ DJINIT_VAULT_TIMEOUT: "0", ...given }, problems, GIVEN_FILES);
  const { config } = readConfig(read, "/app", problems);
  const said: string[] = [];
  const say = (_: unknown, msg: string): void => void said.push(msg);
  const log = { debug: say, info: say, warn: say, error: say };
  const onWaiting = (cause: string): void => void said.push(cause);
  const { signal } = new AbortController();
  const opened = await openVault({ ...read, config, problems, log, signal, onWaiting });
  return { opened, problems, said, ...read };
}

describe.runIf(process.geteuid?.() === 0)("an env file that the application may write", () => {
  test.each([
    (file: string) => `VAULT_TOKEN_FILE=${file}`,
    (file: string) => `DJINIT_VAULT_KUBERNETES_ROLE=app\nDJINIT_VAULT_KUBERNETES_TOKEN=${file}`,
    (file: string) => `VAULT_TOKEN=x\nVAULT_CACERT=${file}`,
  ])("does not have a file of root's sent to where it says", async (text) => {
    const vault = await start();
    const directory = mkdtempSync(join(tmpdir(), "vault-"));
    chmodSync(directory, 0o755);
    const [secret, envFile] = [join(directory, "secret"), join(directory, "env")];
    writeFileSync(secret, ROOT_TOKEN, { mode: 0o400 });
    writeFileSync(envFile, `VAULT_ADDR=${vault.address}\nKEY="vault:secret/app#KEY"\n${text(secret)}\n`);
    chownSync(envFile, 104, 107);
    const { opened, problems } = await open({ DJINIT_ENV_FILE: envFile });
    expect(opened).toBeUndefined();
    expect(problems.map(({ problem }) => problem)).toEqual([
      expect.stringMatching(/user 104 may write the env file that names it/),
    ]);
    expect(vault.seen).toEqual([]);
  });
});

describe("values", () => {
  test("of KV in both versions, and of a lease that is read once for both keys", async () => {
    const vault = await start();
    const { environment, opened, sources } = await open({
      VAULT_ADDR: vault.address,
      VAULT_TOKEN: ROOT_TOKEN,
      SECRET_KEY: "vault:secret/app#KEY",
      FULL_PATH: "vault:secret/data/app#KEY",
      NUMBER: "vault:secret/app#number",
      OLD: "vault:kv/app#KEY",
      DATABASE_URL:
        "postgres://{vault:database/creds/app#username}:{vault:database/creds/app#password}@db/app",
    });
    const [lent] = [...vault.leases.values()];
    expect(environment).toMatchObject({
      SECRET_KEY: "of version 2",
      FULL_PATH: "of version 2",
      NUMBER: "7",
      OLD: "of version 1",
    });
    const url = new URL(environment["DATABASE_URL"] ?? "");
    expect(url.username).toBe(lent?.user);
    expect(decodeURIComponent(url.password)).toMatch(/^A1a-[0-9a-f]{12}\/@:%#\?$/);
    expect(vault.count("GET database/creds/app 200")).toBe(1);
    // No service gets the token, and what a reload reads again is the reference.
    expect(environment["VAULT_TOKEN"]).toBeUndefined();
    expect(sources.unset).toContain("VAULT_TOKEN");
    expect(sources.taken["SECRET_KEY"]).toBe("vault:secret/app#KEY");
    expect(sources.origins["SECRET_KEY"]).toBe("vault:secret/app#KEY");
    const state = opened?.state(["SECRET_KEY", "FULL_PATH", "NUMBER"]);
    expect(Object.keys(state?.secrets ?? {}).sort()).toEqual(["database/creds/app", "kv/app"]);
    expect(opened?.state(["DATABASE_URL"]).unused).toMatchObject([{ path: "database/creds/app" }]);
    await opened?.leave();
    expect(vault.dropped).toEqual([lent?.user]);
  });

  test.each(["approle", "kubernetes"] as const)(
    "by a login with %s, whose token is given back",
    async (kind) => {
      const vault = await start({ namespace: "team" });
      const jwtFile = join(mkdtempSync(join(tmpdir(), "vault-")), "token");
      writeFileSync(jwtFile, `${JWT}\n`);
      const kubernetes = { DJINIT_VAULT_KUBERNETES_ROLE: "app", DJINIT_VAULT_KUBERNETES_TOKEN: jwtFile };
      const { environment, opened } = await open({
        VAULT_ADDR: `${vault.address}/`,
        VAULT_NAMESPACE: "team",
        ...(kind === "approle" ? APPROLE : kubernetes),
        SECRET_KEY: "vault:secret/app#KEY",
      });
      expect(environment["SECRET_KEY"]).toBe("of version 2");
      expect(vault.tokens.size).toBe(1);
      await opened?.leave();
      expect(vault.tokens.size).toBe(0);
    },
  );

  test("where the policy revokes no leases, the end of the token revokes them", async () => {
    const vault = await start({ mayRevoke: false });
    const given = { VAULT_ADDR: vault.address, ...APPROLE, USER_NAME: "vault:database/creds/app#username" };
    await (await open(given)).opened?.leave();
    expect(vault.leases.size).toBe(0);
  });
});

describe("what is refused", () => {
  test("all of it at once, by variable and without a value; what was lent is given back", async () => {
    const vault = await start();
    const given = {
      VAULT_ADDR: vault.address,
      ...APPROLE,
      A: "vault:secret/none#KEY",
      B: "vault:secret/app#NO_SUCH",
      C: "x{vault:forbidden/app#KEY}",
      D: "vault:database/creds/app#username",
    };
    const failure = await open(given).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "DJINIT_VAULT_REFUSED", endStatus: 78 });
    const { problems } = (failure as { fields: { problems: Problem[] } }).fields;
    expect(problems.map(({ problem }) => problem)).toEqual([
      "A needs vault:secret/none, which Vault refuses: 404, there is nothing at this path",
      "C needs vault:forbidden/app, which Vault refuses: 403, permission denied",
      "B needs NO_SUCH of vault:secret/app, which has KEY, number",
    ]);
    expect([vault.leases.size, vault.tokens.size]).toEqual([0, 0]);
  });

  test("a wrapped secret ID is unwrapped once; one that is used up, or another one, is told of as what it may mean", async () => {
    const vault = await start();
    const wrap = (path: string) =>
      vault.wrapped.set("wrapping-token", { path, data: { secret_id: SECRET_ID, secret_id_ttl: 0 } });
    const given = {
      VAULT_ADDR: vault.address,
      DJINIT_VAULT_ROLE_ID: ROLE_ID,
      DJINIT_VAULT_WRAPPED_SECRET_ID: "wrapping-token",
      A: "vault:secret/app#KEY",
    };
    wrap("auth/approle/role/app/secret-id");
    const { environment, opened } = await open(given);
    expect(environment["A"]).toBe("of version 2");
    // For the next login, when the token has reached its longest life.
    expect(opened?.state([]).login).toEqual({
      kind: "approle",
      mount: "approle",
      roleId: ROLE_ID,
      secretId: SECRET_ID,
    });
    const refused = () => open(given).catch((error: Error) => error.message);
    expect(await refused()).toMatch(
      /DJINIT_VAULT_WRAPPED_SECRET_ID: .*it is used up or has ended\. .*somebody else has, and knows the secret ID/,
    );
    wrap("auth/approle/role/app/custom");
    expect(await refused()).toMatch(/made at "auth\/approle\/role\/app\/custom", not for a secret ID/);
    // It is left for whoever looks into it.
    expect(vault.wrapped.size).toBe(1);
    wrap("cubbyhole/response");
    expect(await refused()).not.toContain("wrapping-token");
  });

  test.each([
    [{}, "VAULT_ADDR", "is not set, but variables refer to Vault"],
    [{ VAULT_ADDR: "v.example:8200" }, "VAULT_ADDR", 'is "v.example:8200", which is no address'],
    [{ VAULT_ADDR: "https://me:mine@v:1" }, "VAULT_ADDR", 'is "https://…@v:1", which is no address'],
    [{ VAULT_CACERT: "/nonexistent.pem" }, "VAULT_CACERT", "which cannot be read: ENOENT"],
    [{ VAULT_CACERT: "/etc/hostname" }, "VAULT_CACERT", "which has no certificate as PEM"],
    [{ VAULT_TOKEN: "" }, "VAULT_TOKEN", "is not set, but variables refer to Vault"],
    [{ DJINIT_VAULT_AUTH_MOUNT: "a b" }, "DJINIT_VAULT_AUTH_MOUNT", 'is "a b", which is no path'],
    [{ ...APPROLE, DJINIT_VAULT_KUBERNETES_ROLE: "app" }, "DJINIT_VAULT_ROLE_ID", "are both set"],
    [
      { ...APPROLE, DJINIT_VAULT_WRAPPED_SECRET_ID: "w" },
      "DJINIT_VAULT_WRAPPED_SECRET_ID",
      "are both set: give one of them",
    ],
    [{ DJINIT_VAULT_WRAPPED_SECRET_ID: "w" }, "DJINIT_VAULT_ROLE_ID", "give the role's ID"],
  ])("the settings %j, before anybody is asked", async (given, variable, text) => {
    const usual = { VAULT_ADDR: "https://vault.invalid", VAULT_TOKEN: "t" };
    const env = Object.keys(given).length === 0 ? { VAULT_TOKEN: "t" } : { ...usual, ...given };
    const { opened, problems } = await open({ ...env, A: "vault:secret/app#KEY" });
    expect(opened).toBeUndefined();
    expect(problems).toEqual([expect.objectContaining({ variable })]);
    expect(problems[0]?.problem).toMatch(new RegExp(`^${variable}`));
    expect(problems[0]?.problem).toContain(text);
  });

  test.each([
    [{ VAULT_TOKEN: "wrong" }, "VAULT_TOKEN: Vault at"],
    [{ ...APPROLE, DJINIT_VAULT_SECRET_ID: "wrong" }, "DJINIT_VAULT_ROLE_ID: Vault at"],
    [{ DJINIT_VAULT_KUBERNETES_ROLE: "app", DJINIT_VAULT_KUBERNETES_TOKEN: "/nonexistent" }, "ENOENT"],
  ])("the login with %j", async (login, text) => {
    const vault = await start();
    const failure = await open({ VAULT_ADDR: vault.address, ...login, A: "vault:secret/app#KEY" }).catch(
      String,
    );
    expect(failure).toContain(text);
    expect(failure).not.toContain("wrong");
  });

  test("references and settings, before anything is asked", async () => {
    const { opened, problems } = await open({
      VAULT_ADDR: "vault:8200",
      VAULT_CACERT: "/nonexistent",
      A: "vault:secret/app",
      DJINIT_LOG_LEVEL: "vault:secret/app#level",
    });
    expect(opened).toBeUndefined();
    const named = problems.map(({ variable }) => variable);
    for (const name of ["A", "DJINIT_LOG_LEVEL", "VAULT_ADDR", "VAULT_CACERT", "VAULT_TOKEN"])
      expect(named).toContain(name);
  });
});

test("a sealed Vault and one that is not there are unreachable: 69", async () => {
  const vault = await start();
  vault.sealed = true;
  const given = { VAULT_ADDR: vault.address, VAULT_TOKEN: ROOT_TOKEN, A: "vault:secret/app#KEY" };
  const unreachable = { code: "DJINIT_VAULT_UNREACHABLE", endStatus: 69 };
  await expect(open(given)).rejects.toMatchObject(unreachable);
  await vault.close();
  running.pop();
  await expect(open(given)).rejects.toMatchObject(unreachable);
});

test("Vault is waited for", async () => {
  const vault = await start();
  vault.sealed = true;
  const given = { VAULT_ADDR: vault.address, VAULT_TOKEN: ROOT_TOKEN, A: "vault:secret/app#KEY" };
  const asked = open({ ...given, DJINIT_VAULT_TIMEOUT: "20" });
  while (vault.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  vault.sealed = false;
  expect((await asked).environment["A"]).toBe("of version 2");
});
