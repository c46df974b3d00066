import { expect, test } from "vitest";
import { parseProcessTable } from "../../support/proc-parse.ts";

const status = (pid: number, ppid: number, more: string) =>
  `== process\nName:\tsleep\nState:\tS (sleeping)\nPid:\t${pid}\nPPid:\t${ppid}\n${more}\n`;
const head =
  "shell 40\nroot:x:0:0:root:/root:/bin/sh\ndjinit:x:106:106::/:/no\n\n== groups\ndjinit:x:106:\n\n";

test("reads ids, capabilities and arguments, and leaves out who asked", () => {
  const text =
    head +
    status(40, 0, "Uid:\t0\t0\t0\t0") +
    status(41, 40, "Uid:\t0\t0\t0\t0") +
    status(9, 1, "State:\tZ (zombie)\nUid:\t104\t104\t104\t104\nGid:\t5\t5\t5\t5\nCmdline:") +
    status(
      1,
      0,
      "Uid:\t0\t106\t0\t0\nGid:\t0\t106\t0\t0\nGroups:\t7 106 \nCapEff:\t00000000000000e0\nNoNewPrivs:\t1\nThreads:\t3\n" +
        "Cmdline:sleep\u001fa b\u001f\u001f",
    );
  const [first, second, ...others] = parseProcessTable(text);
  expect(others).toEqual([]);
  expect(first).toMatchObject({
    pid: 1,
    uid: 106,
    user: "djinit",
    group: "djinit",
    groups: [7, 106],
    state: "S",
    threads: 3,
  });
  expect(first).toMatchObject({ capEff: 0xe0n, capPrm: 0n, noNewPrivs: true, argv: ["sleep", "a b", ""] });
  expect(second).toMatchObject({ pid: 9, user: "", group: "", state: "Z", argv: [], noNewPrivs: false });
});
