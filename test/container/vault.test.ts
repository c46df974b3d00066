import { expect, test } from "vitest";
import { docker } from "../support/docker-cli.ts";
import { environOf } from "../support/environ.ts";
import { eventually } from "../support/eventually.ts";
import { createDatabase, type Database } from "../support/postgres.ts";
import { type Process, processTable } from "../support/proc.ts";
import { runContext } from "../support/run-context.ts";
import { ROLE_ID, SECRET_ID, VaultStandIn } from "../support/vault-server.ts";
import { ADMIN_PORT, askAdmin } from "./admin-subject.ts";
import { isReady, mainPid, startCake, startReadyCake } from "./cake-subject.ts";
import { expectNothingLost, startLoad, underLoad } from "./steady-load.ts";

/** Renewed at 20 s, with 20 s left then: not long enough. So replaced at 33 s, and gone at 40 s. */
const LEASE = { leaseSeconds: 30, maxSeconds: 40 };
const CREDENTIALS = "database/creds/app";
const KEY_OF_PROJECT = "in-vault-and-in-no-record";

const READ_METRICS =
  "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9180/metrics').read().decode())";

/** Roles that come and go, as members of one that owns what they make. */
async function lender(database: Database) {
  const owner = `owner_of_${database.name}`;
  await database.query(`create role ${owner}`);
  await database.query(`grant all on schema public to ${owner}`);
  return {
    create: async (user: string, password: string): Promise<void> => {
      await database.query(`create role "${user}" login password '${password}' in role ${owner}`);
      await database.query(`alter role "${user}" set role ${owner}`);
    },
    drop: async (user: string): Promise<void> => {
      await database.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", [
        user,
      ]);
      await database.query(`drop role if exists "${user}"`);
    },
  };
}

/** The address of this machine in the run's network. */
async function hostAddress(): Promise<string> {
  const format = "{{range .IPAM.Config}}{{.Gateway}}{{end}}";
  return (await docker("inspect", ["network", "inspect", "-f", format, runContext().network])).trim();
}

test("credentials of a database are renewed, replaced under load with nothing lost, and gone after the stop", async () => {
  const database = await createDatabase();
  const vault = await VaultStandIn.start({
    ...LEASE,
    host: "0.0.0.0",
    values: { "secret/cakes": { key: KEY_OF_PROJECT } },
    database: await lender(database),
    mayRevoke: false,
  });
  const { host } = runContext().postgres as { host: string };
  const user = `{vault:${CREDENTIALS}#username}:{vault:${CREDENTIALS}#password}`;
  const container = await startReadyCake({
    env: {
      VAULT_ADDR: `http://${await hostAddress()}:${vault.port}`,
      DJINIT_VAULT_ROLE_ID: ROLE_ID,
      DJINIT_VAULT_SECRET_ID: SECRET_ID,
      DATABASE_URL: `postgres://${user}@${host}:5432/${database.name}`,
      SECRET_KEY: "vault:secret/cakes#key",
      DJINIT_LOG_LEVEL: "info,djinit=debug",
      WEB_CONCURRENCY: "2",
    },
  });
  const roles = async (): Promise<string[]> => {
    const rows = await database.query<{ usename: string }>(
      "select distinct usename from pg_stat_activity where datname = current_database() and usename like 'v-app-%'",
    );
    return rows.map(({ usename }) => usename);
  };
  const [first] = [...vault.leases.values()].map((it) => it.user);
  expect(vault.count(`GET ${CREDENTIALS} 200`)).toBe(1);

  const load = startLoad(container, 50);
  await underLoad(container);
  await eventually(async () => (await roles()).join() === first, {
    what: "connections of the first role",
    timeoutMs: 10_000,
    attach: () => container.logs(),
  });
  await container.record("the renewal", ({ msg }) => msg === `renewed the lease of ${CREDENTIALS}`, 40_000);
  const status = await container.output(["djinit", "status"]);
  expect(status).toMatch(new RegExp(`^vault: ${CREDENTIALS} has \\d+s left, renewed \\d+s ago$`, "m"));
  expect(status).toMatch(/^vault: token has \d+m\d+s left$/m);
  const page = await container.output(["python", "-c", READ_METRICS]);
  expect(page).toMatch(new RegExp(`^djinit_vault_lease_seconds\\{path="${CREDENTIALS}"\\} \\d+$`, "m"));
  expect(page).toMatch(/^djinit_vault_failures_total 0$/m);
  const isNew = ({ msg }: { msg: string }) => msg.startsWith(`new credentials from ${CREDENTIALS}: `);
  await container.record("the new credentials", isNew, 40_000);
  // The old role is dropped at its end, with whatever connection it still has.
  await eventually(async () => vault.dropped.includes(first ?? ""), {
    what: "the end of the first role",
    timeoutMs: 30_000,
    attach: () => container.logs(),
  });
  await eventually(async () => (await roles()).length === 1, {
    what: "connections of the second role",
    timeoutMs: 20_000,
    attach: () => container.logs(),
  });
  expect(await roles()).not.toContain(first);
  expectNothingLost(await load.finish());

  // gunicorn has the values, and nothing of what djinit logs in with.
  const pid = await mainPid(container, "gunicorn");
  const gunicorn = (await processTable(container)).find((process) => process.pid === pid) as Process;
  const environ = await environOf(container, gunicorn);
  const [second] = [...vault.leases.values()].map((it) => it.user);
  expect(environ["SECRET_KEY"]).toBe(KEY_OF_PROJECT);
  expect(new URL(environ["DATABASE_URL"] ?? "").username).toBe(second);
  const inside = JSON.stringify(environ);
  for (const secret of [SECRET_ID, ...vault.tokens.keys()]) expect(inside).not.toContain(secret);

  // While Vault does not answer, a reload goes on with what is known.
  vault.sealed = true;
  await container.signal("HUP");
  await container.record("the outage", ({ msg }) =>
    msg.startsWith("cannot read secret/cakes from Vault: 503"),
  );
  vault.sealed = false;

  expect(await container.stop()).toBe(0);
  const records = await container.records();
  expect(records.some(({ msg }) => msg === `revoked in Vault: ${CREDENTIALS}`)).toBe(true);
  expect([vault.leases.size, vault.tokens.size]).toEqual([0, 0]);
  expect(await database.query("select 1 from pg_roles where rolname like 'v-app-%'")).toEqual([]);
  const logs = await container.logs();
  for (const secret of [KEY_OF_PROJECT, SECRET_ID, "A1a-"]) expect(logs).not.toContain(secret);
  await vault.close();
});

test("a start that ends gives back what it was lent; `config` shows where values come from", async () => {
  const vault = await VaultStandIn.start({ host: "0.0.0.0" });
  const env = {
    VAULT_ADDR: `http://${await hostAddress()}:${vault.port}`,
    DJINIT_VAULT_ROLE_ID: ROLE_ID,
    DJINIT_VAULT_SECRET_ID: SECRET_ID,
    DATABASE_URL: `postgres://{vault:${CREDENTIALS}#username}@nowhere.invalid/app`,
    DJINIT_DATABASE_TIMEOUT: "1",
  };
  const container = await startCake({ env });
  expect(await container.wait()).toBe(69);
  expect(vault.count(`GET ${CREDENTIALS} 200`)).toBe(1);
  expect([vault.leases.size, vault.tokens.size]).toEqual([0, 0]);
  const shown = await startCake({ command: ["config"], env });
  expect(await shown.wait()).toBe(0);
  expect(await shown.stdout()).toMatch(
    new RegExp(`^DATABASE_URL +\\*+ +vault:${CREDENTIALS}#username `, "m"),
  );
  expect(vault.count(`GET ${CREDENTIALS} 200`)).toBe(1);
  expect((await container.records()).some(isReady)).toBe(false);
  await vault.close();
});

test("while Vault is sealed the container answers: alive, not ready, and why; as root and as any user", async () => {
  const vault = await VaultStandIn.start({
    host: "0.0.0.0",
    values: { "secret/cakes": { key: KEY_OF_PROJECT } },
  });
  const env = {
    VAULT_ADDR: `http://${await hostAddress()}:${vault.port}`,
    DJINIT_VAULT_ROLE_ID: ROLE_ID,
    DJINIT_VAULT_SECRET_ID: SECRET_ID,
    DATABASE_URL: "sqlite:////tmp/db.sqlite3",
    SECRET_KEY: "vault:secret/cakes#key",
  };
  vault.sealed = true;
  for (const more of [[], ["--user", "12345:0"]]) {
    const container = await startCake({ env, publish: [8000, ADMIN_PORT], more });
    const waits = /^not ready: djinit is booting: vault for \d+ s, .*(503|sealed)/m;
    await eventually(async () => waits.test((await container.exec(["djinit", "status"])).stdout), {
      what: "status says what is waited for",
      timeoutMs: 20_000,
      attach: () => container.logs(),
    });
    expect((await askAdmin(container, "/livez")).status).toBe(200);
    const ready = await askAdmin(container, "/readyz?verbose");
    expect([ready.status, ready.text]).toEqual([503, expect.stringContaining("vault")]);
    vault.sealed = false;
    await container.record("ready", isReady, 60_000);
    expect((await askAdmin(container, "/readyz")).status).toBe(200);
    expect(await container.stop()).toBe(0);
    vault.sealed = true;
    await container.rm();
  }
  await vault.close();
});
