// Ways to start the container: other users than root, fewer capabilities, a read-only root.
import { expect, test } from "vitest";
import type { RunOptions } from "../support/docker.ts";
import { processTable } from "../support/proc.ts";
import { serves, startReadyCake } from "./cake-subject.ts";
import { failsWith } from "./failure.ts";
import { startProject } from "./project-subject.ts";

/** By owner and not by mode=1777: where the image has the directory, some engines take its mode whatever the option. */
const own = (path: string, uid: number) => `${path}:uid=${uid}`;
/** What the example's embedded database and broker write to. */
const DATA = "/app/data";
const BOOT_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETPCAP", "SETUID"];

/** Starts it, sees it serve and stop cleanly; returns the uids of its processes. */
async function worksAs(options: Partial<RunOptions>): Promise<number[]> {
  await using container = await startReadyCake({ env: { SUPERUSER_PASSWORD: "hunter2" }, ...options });
  await serves(container);
  const uids = (await processTable(container)).map(({ uid }) => uid);
  expect(await container.stop()).toBe(0);
  await container.records();
  return [...new Set(uids)].sort((a, b) => a - b);
}

test("as user django", async () => {
  expect(await worksAs({ user: "104:107", tmpfs: [own("/run", 104)] })).toEqual([104]);
});

test("as a user the image does not know", async () => {
  expect(await worksAs({ user: "4242:0", tmpfs: [own("/run", 4242), own(DATA, 4242)] })).toEqual([4242]);
});

test("as a restricted pod: no root, no capability, no_new_privs, read-only", async () => {
  const more = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only"];
  expect(await worksAs({ user: "104:107", tmpfs: [own("/run", 104), own(DATA, 104), "/tmp"], more })).toEqual(
    [104],
  );
});

test("as another user without a /run it may write to: one clear error", async () => {
  await using container = await startProject({ user: "104:107" });
  const error = await failsWith(container, { status: 78, code: "DJINIT_RUNTIME_DIRECTORY" });
  expect(error.msg).toContain("/run/djinit");
});

test("as root with a read-only root and empty /run and /tmp", async () => {
  const uids = await worksAs({ tmpfs: ["/run", "/tmp", own(DATA, 104)], more: ["--read-only"] });
  expect(uids).toEqual([104, 105, 106]);
});

test("as root with no more capabilities than the boot names, and no_new_privs from outside", async () => {
  const more = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
  for (const name of BOOT_CAPABILITIES) more.push("--cap-add", name);
  expect(await worksAs({ more })).toEqual([104, 105, 106]);
});

test("as root without capabilities: one clear error that names all that are missing", async () => {
  await using container = await startProject({ more: ["--cap-drop", "ALL"] });
  const error = await failsWith(container, { status: 78, code: "DJINIT_MISSING_CAPABILITY" });
  expect(error["missing"]).toEqual(expect.arrayContaining(BOOT_CAPABILITIES.map((name) => `CAP_${name}`)));
});

test("as root without one of the capabilities: that one is named", async () => {
  for (const name of ["SETPCAP", "KILL"]) {
    await using container = await startProject({ more: ["--cap-drop", name] });
    const error = await failsWith(container, { status: 78, code: "DJINIT_MISSING_CAPABILITY" });
    expect(error["missing"]).toEqual([`CAP_${name}`]);
  }
});

test("a /run that cannot be written to", async () => {
  await using container = await startProject({ more: ["--read-only"] });
  const error = await failsWith(container, { status: 78, code: "DJINIT_RUNTIME_DIRECTORY" });
  expect(error.msg).toContain("EROFS");
});
