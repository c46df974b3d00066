// Trees of real systems: what a container sees of its cgroups, by engine, version and namespace.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { levelsOf, type Place } from "../../../../src/platform/cgroup/levels.ts";
import { readMemoryAccount } from "../../../../src/platform/cgroup/memory-account.ts";
import { countList, readShare } from "../../../../src/platform/cgroup/processors.ts";
import { readReclaimable } from "../../../../src/platform/cgroup/usage.ts";
import { temporaryDirectory } from "../../../support/temporary-directory.ts";

const { path, write } = temporaryDirectory();
let trees = 0;

/** `own`: /proc/self/cgroup. */
function lay(own: string, files: Record<string, string>): Place {
  trees += 1;
  const mount = join(path, String(trees));
  for (const [name, text] of Object.entries({ "../own": own, ...files })) {
    const file = join(String(trees), "cgroup", name);
    mkdirSync(dirname(join(path, file)), { recursive: true });
    write(file, text);
  }
  return { mount: join(mount, "cgroup"), own: join(mount, "own") };
}

const AVAILABLE = 16;
const MIB = 1024 ** 2;

/** What a cgroup of version 2 has beside its limits. */
function memory(at: string, max: string, current: number, kills = 0): Record<string, string> {
  return {
    [`${at}memory.max`]: `${max}\n`,
    [`${at}memory.current`]: `${current}\n`,
    [`${at}memory.events`]: `low 0\nhigh 0\nmax 0\noom 0\noom_kill ${kills}\noom_group_kill 0\n`,
    [`${at}memory.stat`]: "anon 1000\nfile 500\ninactive_anon 7\ninactive_file 300\n",
  };
}

describe("version 2 with a namespace of the container's own", () => {
  // Docker 26 on Debian 13, `docker run --cpus 1.5 --memory 512m --cpuset-cpus 0-3,8`.
  const place = lay("0::/\n", {
    "cgroup.controllers": "cpuset cpu io memory hugetlb pids rdma misc\n",
    "cpu.max": "150000 100000\n",
    "cpuset.cpus.effective": "0-3,8\n",
    ...memory("", "536870912", 100 * MIB, 2),
  });

  test("the container's cgroup is where the root would be", () => {
    expect(levelsOf("memory", place)).toEqual([place.mount]);
    expect(readShare(place, AVAILABLE)).toEqual({ processors: 1.5, hasQuota: true });
    const account = { oomKills: 2, limitBytes: 512 * MIB, usageBytes: 100 * MIB };
    expect(readMemoryAccount(place)).toEqual(account);
    expect(readReclaimable(place)).toBe(300);
  });

  test("without limits the cpuset is what there is", () => {
    const free = lay("0::/\n", {
      "cpu.max": "max 100000\n",
      "cpuset.cpus.effective": "0-3,8\n",
      ...memory("", "max", 4_096),
    });
    expect(readShare(free, AVAILABLE)).toEqual({ processors: 5, hasQuota: false });
    expect(readMemoryAccount(free)).toEqual({ oomKills: 0, limitBytes: undefined, usageBytes: 4_096 });
    // A path of another namespace: `docker exec` into a container whose PID 1 has moved.
    expect(levelsOf("cpu", { ...free, own: lay("0::/../../other\n", {}).own })).toEqual([free.mount]);
  });
});

describe("version 2 with the host's namespace, in a pod", () => {
  // Kubernetes 1.31 with systemd, containerd; the limit of processors is the pod's, as is the lower limit of memory.
  const slice = "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0e1c.slice";
  const own = `${slice}/cri-containerd-4f2a.scope`;
  const place = lay(`0::/${own}\n`, {
    "cgroup.controllers": "cpuset cpu io memory pids\n",
    "cpuset.cpus.effective": "0-15\n",
    // The root of version 2 has no limits, and no account of its own.
    "memory.stat": "anon 99999999\ninactive_file 88888888\n",
    "kubepods.slice/cpu.max": "max 100000\n",
    ...memory("kubepods.slice/", "66000000000", 9_000_000_000),
    [`${slice}/cpu.max`]: "250000 100000\n",
    ...memory(`${slice}/`, String(256 * MIB), 200 * MIB, 5),
    [`${own}/cpu.max`]: "max 100000\n",
    [`${own}/cpuset.cpus.effective`]: "0-15\n",
    ...memory(`${own}/`, String(512 * MIB), 150 * MIB, 1),
  });

  test("every cgroup above counts, the lowest limit holds", () => {
    expect(levelsOf("cpu", place).map((level) => level.slice(place.mount.length))).toEqual([
      `/${own}`,
      `/${slice}`,
      "/kubepods.slice/kubepods-burstable.slice",
      "/kubepods.slice",
      "",
    ]);
    expect(readShare(place, AVAILABLE)).toEqual({ processors: 2.5, hasQuota: true });
    // Of whom the kernel has killed, only those of this container.
    expect(readMemoryAccount(place)).toEqual({
      oomKills: 1,
      limitBytes: 256 * MIB,
      usageBytes: 200 * MIB,
    });
    expect(readReclaimable(place)).toBe(300);
  });
});

describe("version 1", () => {
  const lines =
    "12:cpu,cpuacct:/docker/4f2a\n9:memory:/docker/4f2a\n3:cpuset:/docker/4f2a\n0::/system.slice\n";
  const limits = {
    "cpu.cfs_quota_us": "50000\n",
    "cpu.cfs_period_us": "100000\n",
  };
  const account = {
    "memory.limit_in_bytes": "268435456\n",
    "memory.usage_in_bytes": "1000\n",
    "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
  };
  const under = (prefix: string, files: Record<string, string>) =>
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`${prefix}${name}`, text]));

  test("an engine mounts the container's cgroup where the root would be", () => {
    const place = lay(lines, { ...under("cpu/", limits), ...under("memory/", account) });
    expect(levelsOf("memory", place)).toEqual([join(place.mount, "memory")]);
    expect(readShare(place, AVAILABLE)).toEqual({ processors: 0.5, hasQuota: true });
    expect(readMemoryAccount(place)).toEqual({ oomKills: 3, limitBytes: 256 * MIB, usageBytes: 1_000 });
  });

  test("the whole tree, as on the host", () => {
    const place = lay(lines, {
      ...under("cpu/docker/4f2a/", limits),
      "cpu/cpu.cfs_quota_us": "-1\n",
      ...under("memory/docker/4f2a/", account),
      ...under("memory/", { ...account, "memory.limit_in_bytes": "9223372036854771712\n" }),
    });
    expect(levelsOf("cpu", place)).toHaveLength(3);
    expect(readShare(place, AVAILABLE)).toEqual({ processors: 0.5, hasQuota: true });
    expect(readMemoryAccount(place)).toMatchObject({ limitBytes: 256 * MIB });
  });
});

test("nothing to see", () => {
  const place = { mount: join(path, "none"), own: join(path, "none") };
  expect(readShare(place, 3)).toEqual({ processors: 3, hasQuota: false });
  expect(readMemoryAccount(place)).toBeUndefined();
  expect(readReclaimable(place)).toBe(0);
  expect(readShare().processors).toBeGreaterThan(0);
});

test.each([
  ["0-3,8\n", 5],
  ["0", 1],
  ["0-63", 64],
  ["", undefined],
  ["all", undefined],
])("a list of processors: %j is %j", (list, expected) => {
  expect(countList(list)).toBe(expected);
});
