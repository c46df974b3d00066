import { mkdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type MemoryAccount, readMemoryAccount } from "../../src/platform/cgroup.ts";
import {
  logMemoryEvent,
  type MemoryEvent,
  type ProcessMemory,
  watchMemory,
} from "../../src/supervise/memory-watch.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { VirtualClock } from "./virtual-clock.ts";

const of = (pid: number, residentBytes: number): ProcessMemory => ({ pid, name: `p${pid}`, residentBytes });

function watch(limitBytes: number | undefined, processes: ProcessMemory[]) {
  const facts = { oomKills: 2, usageBytes: 50, processes, looks: 0 };
  const clock = new VirtualClock();
  const events: MemoryEvent[] = [];
  const source = {
    account: (): MemoryAccount => ({ oomKills: facts.oomKills, limitBytes, usageBytes: facts.usageBytes }),
    processes: () => {
      facts.looks += 1;
      return facts.processes;
    },
  };
  const cancel = watchMemory(source, clock, (event) => events.push(event));
  return { facts, clock, events, cancel };
}

describe("the watch", () => {
  test("counts kills since the last look and names the largest that are gone", () => {
    const { facts, clock, events } = watch(100, [of(1, 10), of(2, 60), of(3, 20)]);
    clock.advance(1_000);
    expect(events).toEqual([]);
    facts.oomKills = 3;
    facts.processes = [of(1, 10)];
    clock.advance(1_000);
    clock.advance(5_000);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ kills: 1, gone: [of(2, 60)] });
    facts.oomKills = 5;
    facts.processes = [];
    clock.advance(2_000);
    expect(events[1]).toMatchObject({ kills: 2, gone: [of(1, 10)] });
  });

  test("names a victim that is still in the table when the kernel has counted it", () => {
    const { facts, clock, events } = watch(100, [of(1, 10), of(2, 60)]);
    facts.oomKills = 3;
    clock.advance(1_000);
    expect(events).toEqual([]);
    facts.processes = [of(1, 10)];
    clock.advance(200);
    expect(events).toMatchObject([{ kills: 1, gone: [of(2, 60)] }]);
  });

  test("names a victim that was gone before the kernel had counted it", () => {
    const { facts, clock, events } = watch(100, [of(1, 10), of(2, 60)]);
    facts.processes = [of(1, 10)];
    clock.advance(1_000);
    facts.oomKills = 3;
    clock.advance(1_200);
    expect(events).toMatchObject([{ kills: 1, gone: [of(2, 60)] }]);
  });

  test("looks more often near the limit", () => {
    const { facts, clock } = watch(100, []);
    clock.advance(2_000);
    expect(facts.looks).toBe(3);
    facts.usageBytes = 80;
    clock.advance(1_000);
    clock.advance(1_000);
    expect(facts.looks).toBe(9);
  });

  test("says nothing of processes that end by themselves", () => {
    const { facts, clock, events } = watch(100, [of(1, 10)]);
    facts.processes = [];
    clock.advance(10_000);
    expect(events).toEqual([]);
  });

  test("does nothing where there is no limit, and nothing after its end", () => {
    const unlimited = watch(undefined, [of(1, 10)]);
    unlimited.facts.oomKills = 9;
    unlimited.clock.advance(10_000);
    expect([unlimited.events, unlimited.facts.looks]).toEqual([[], 0]);
    const ended = watch(100, [of(1, 10)]);
    ended.cancel();
    ended.facts.oomKills = 9;
    ended.clock.advance(10_000);
    expect(ended.events).toEqual([]);
  });

  test("its record says so of a process that lived for less than a look", () => {
    const said: string[] = [];
    const log = {
      debug: () => {},
      info: () => {},
      warn: () => {},
      error: (_: object, msg: string) => said.push(msg),
    };
    const account = { oomKills: 1, limitBytes: 100, usageBytes: 90 };
    logMemoryEvent(log, { account, kills: 1, gone: [] });
    logMemoryEvent(log, { account, kills: 1, gone: [of(7, 60)] });
    expect(said[0]).toContain("killed a process that lived for less than a second; ");
    expect(said[1]).toContain("killed p7 (pid 7); the container's limit is 100 bytes");
  });
});

describe("the account of a cgroup", () => {
  const directory = temporaryDirectory();
  const root = (name: string, version: "v1" | "v2", limit: string) => {
    mkdirSync(`${directory.path}/${name}/memory`, { recursive: true });
    const [events, max, usage] =
      version === "v2"
        ? ["memory.events", "memory.max", "memory.current"]
        : ["memory/memory.oom_control", "memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"];
    directory.write(`${name}/${events}`, "low 0\noom_kill_disable 0\noom 4\noom_kill 3\noom_group_kill 0\n");
    directory.write(`${name}/${max}`, `${limit}\n`);
    directory.write(`${name}/${usage}`, "4096\n");
    return `${directory.path}/${name}`;
  };

  test.each(["v1", "v2"] as const)("is read in version %s", (version) => {
    expect(readMemoryAccount(root(`${version}-limited`, version, "67108864"))).toEqual({
      oomKills: 3,
      limitBytes: 67_108_864,
      usageBytes: 4_096,
    });
  });

  test.each([
    ["v1", "9223372036854771712"],
    ["v2", "max"],
  ] as const)("knows what no limit looks like in version %s", (version, limit) => {
    expect(readMemoryAccount(root(`${version}-free`, version, limit))).toMatchObject({
      limitBytes: undefined,
    });
  });

  test("cannot be seen where there is none", () => {
    expect(readMemoryAccount(`${directory.path}/none`)).toBeUndefined();
  });
});
