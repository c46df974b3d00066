// Every start without root that strict clusters make: users the image knows and does not know, root file systems that can be
// written to or not, and what engines lay at /run and /tmp.
import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Container, RunOptions } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { processTable } from "../support/proc.ts";
import { serves, startReadyCake } from "./cake-subject.ts";

const USERS = ["12345:0", "12345:12345", "104:107"] as const;
const FS_GROUP = 23_456;
const ENTRIES = ["/run", "/tmp"] as const;
const TIMEOUT_MS = 170_000;

interface Mounts extends AsyncDisposable {
  options: Pick<RunOptions, "tmpfs" | "volumes" | "more">;
}

/** What lies at /run and /tmp, and what then serves as /run. */
const MOUNTS: Record<string, { make: () => Promise<Mounts>; serves: "/run" | "/tmp" }> = {
  "nothing at all": { make: async () => mounted({}), serves: "/tmp" },
  "a tmpfs at each, as engines make them": { make: async () => mounted({ tmpfs: ENTRIES }), serves: "/tmp" },
  "an empty directory for everybody": { make: () => directories(0o777, 0), serves: "/run" },
  "a volume with the image's owners and modes": { make: volumes, serves: "/tmp" },
  "an fsGroup": { make: () => directories(0o2775, FS_GROUP), serves: "/run" },
};

/**
 * Users, mounts and a read-only root: each with each. An init of the engine's and no_new_privs: every pair of two values is in a cell
 * (the last test). All of them have no capability.
 */
const CELLS = Object.keys(MOUNTS).flatMap((mounts, kind) =>
  USERS.flatMap((user, at) =>
    [false, true].map((readOnly) => ({
      mounts,
      user,
      readOnly,
      init: (at % 2 === 0) === readOnly,
      noNewPrivileges: (kind + at + Number(readOnly)) % 2 === 0,
    })),
  ),
);
/** On a read-only root there is no start without a place for files: privileges-start.test.ts. */
const POSSIBLE = CELLS.filter(({ mounts, readOnly }) => !(readOnly && mounts === "nothing at all"));

test.concurrent.each(POSSIBLE)(
  "$user, read-only root $readOnly, init $init, no-new-privileges $noNewPrivileges: $mounts",
  { timeout: TIMEOUT_MS },
  async ({ user, readOnly, init, noNewPrivileges, mounts }) => {
    const { make, serves: place } = MOUNTS[mounts] as (typeof MOUNTS)[string];
    await using made = await make();
    const { more = [], ...options } = made.options;
    // Where the engine does not see to it that no process gets more privileges, djinit does.
    const strict = ["--cap-drop", "ALL", ...(noNewPrivileges ? ["--security-opt", "no-new-privileges"] : [])];
    await using container = await startReadyCake({
      ...options,
      user,
      init,
      env: { SUPERUSER_PASSWORD: "hunter2", DATABASE_URL: "sqlite:////tmp/cakes.sqlite3" },
      more: [...more, ...strict, ...(readOnly ? ["--read-only"] : []), "--no-healthcheck"],
    });
    await worksAsOneUser(container, Number(user.split(":")[0]), place);
  },
);

test("every pair of values is in a cell", () => {
  const columns = ["user", "mounts", "readOnly", "init", "noNewPrivileges"] as const;
  const pairs = (cells: typeof CELLS, a: (typeof columns)[number], b: (typeof columns)[number]) =>
    new Set(cells.map((cell) => JSON.stringify([cell[a], cell[b]]))).size;
  const values = (column: (typeof columns)[number]) => new Set(CELLS.map((cell) => cell[column])).size;
  // Of `mounts` and `readOnly` there is one that cannot be.
  for (const [at, a] of columns.entries())
    for (const b of columns.slice(at + 1))
      expect(pairs(POSSIBLE, a, b), `${a} and ${b}`).toBe(
        values(a) * values(b) - Number(a === "mounts" && b === "readOnly"),
      );
});

async function worksAsOneUser(container: Container, uid: number, place: string): Promise<void> {
  await serves(container);
  await serves(container, "/static/cakes/cakes.css");
  const own = (await container.records()).filter(({ service }) => service === "djinit");
  const warnings = own.filter(({ level }) => level === "warn");
  expect(warnings).toEqual([
    expect.objectContaining({
      msg: expect.stringContaining(`everything runs as user ${uid}`),
      run_directory: expect.stringMatching(new RegExp(`^${place}(/djinit-|$)`)),
    }),
  ]);
  expect(own.map(({ msg }) => msg)).toContainEqual(expect.stringContaining("superuser"));
  const status = await container.output(["djinit", "status"]);
  expect(status).toContain(`note: everything runs as user ${uid}`);

  const beside = 'cd "$HOME" && touch file && python -c "import getpass; print(getpass.getuser())"';
  expect(await container.output(["djinit", "sh", "-c", beside])).toBe("django");

  await container.output(["djinit", "reload"]);
  await container.record("the reload of nginx", ({ msg }) => msg === "reloading nginx");
  await serves(container);

  const djinit = (await processTable(container)).filter(({ name }) => name !== "docker-init");
  expect([...new Set(djinit.map((it) => it.uid))]).toEqual([uid]);
  expect(djinit.filter(({ noNewPrivs, capPrm }) => !noNewPrivs || capPrm !== 0n)).toEqual([]);
  expect(await container.stop()).toBe(0);
}

function mounted(options: Mounts["options"], remove = async () => {}): Mounts {
  return { options, [Symbol.asyncDispose]: remove };
}

/** As a Kubernetes emptyDir, without and with an fsGroup: nobody's files are in it, and its group is told. */
async function directories(mode: number, group: number): Promise<Mounts> {
  const made = await Promise.all(ENTRIES.map(async (at) => ({ at, path: await makeDirectory(mode, group) })));
  return mounted(
    {
      volumes: made.map(({ at, path }) => `${path}:${at}`),
      more: group === 0 ? [] : ["--group-add", String(group)],
    },
    async () => {
      for (const { path } of made) await rm(path, { recursive: true, force: true });
    },
  );
}

async function makeDirectory(mode: number, group: number): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "djinit-matrix-"));
  await chown(path, 0, group);
  await chmod(path, mode);
  return path;
}

/** As podman's emptyDir: the engine fills a new volume from the image. */
async function volumes(): Promise<Mounts> {
  const names = await Promise.all(
    ENTRIES.map(async () => (await docker("make a volume", ["volume", "create"])).trim()),
  );
  return mounted({ volumes: names.map((name, at) => `${name}:${ENTRIES[at]}`) }, async () => {
    await docker("remove the volumes", ["volume", "rm", "--force", ...names]);
  });
}
