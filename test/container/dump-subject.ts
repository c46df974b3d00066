// What `djinit dump` says of where the threads of the services' processes are.
import { expect } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { processTable } from "../support/proc.ts";
import { mainPid } from "./cake-subject.ts";

export interface Stack {
  service: string;
  pid: number;
  told: string;
}

const HEAD = /^== (\S+), PID (\d+)\n/;

/** As root, by whom every process may be asked. Whoever is asked lives on. */
export async function stacksIn(container: Container): Promise<Stack[]> {
  const output = "/tmp/of-a-test.tar.gz";
  const before = await processTable(container);
  const script = `djinit dump -o ${output} >&2 && tar -xzOf ${output} --wildcards '*/stacks.txt' && rm ${output}`;
  const text = await container.output(["sh", "-c", script], { user: "root" });
  const stacks = text
    .split(/^(?=== \S+, PID \d+$)/m)
    .filter((part) => part !== "")
    .map((told): Stack => {
      const [, service = "", pid = ""] = HEAD.exec(told) ?? [];
      return { service, pid: Number(pid), told };
    });
  const after = new Set((await processTable(container)).map(({ pid }) => pid));
  const asked = new Set(stacks.map(({ pid }) => pid));
  expect(before.filter(({ pid }) => asked.has(pid) && !after.has(pid))).toEqual([]);
  return stacks;
}

/** Each process of the service says where its threads are, and one of them is in `place`. Returns them. A busy one says so late. */
export async function expectStacks(container: Container, service: string, place: RegExp): Promise<Stack[]> {
  const main = await mainPid(container, service);
  const found = await eventually(
    async () => {
      const stacks = (await stacksIn(container)).filter((it) => it.service === service);
      expect(stacks.map(({ pid }) => pid)).toContain(main);
      expect(stacks.filter(({ told }) => !told.includes("most recent call first"))).toEqual([]);
      expect(stacks.map(({ told }) => told).join("")).toMatch(place);
      return stacks;
    },
    { what: `the stacks of ${service}`, timeoutMs: 60_000, intervalMs: 1_000 },
  );
  // Asked again and again, it has outlived each.
  expect(await mainPid(container, service)).toBe(main);
  return found as Stack[];
}
