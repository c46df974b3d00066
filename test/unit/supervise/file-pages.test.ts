import { expect, test } from "vitest";
import { unchangedFiles } from "../../../src/supervise/memory/file-pages.ts";

const mapping = (head: string, anonymousKib: number, swappedKib = 0) => `${head}
Size:               4096 kB
Rss:                1024 kB
Anonymous:         ${anonymousKib.toString().padStart(5)} kB
Swap:              ${swappedKib.toString().padStart(5)} kB
VmFlags: rd ex mr mw me
`;

test("of a program, what cannot be written and is as in its file", () => {
  const node = "fd:01 131 /usr/local/lib/djinit/node";
  const smaps = [
    mapping(`00400000-02a00000 r--p 00000000 ${node}`, 0),
    mapping(`02a00000-05800000 r-xp 02600000 ${node}`, 0),
    // Tables that the loader has filled with addresses, and then protected: the file has none of them.
    mapping(`05800000-05a00000 r--p 05400000 ${node}`, 1900),
    mapping("7f2000000000-7f2000010000 r--p 00000000 fd:01 140 /usr/lib/libc.so.6", 0, 16),
    mapping(`05a00000-05a20000 rw-p 05600000 ${node}`, 0),
    mapping("7f0000000000-7f0000100000 r--s 00000000 00:05 4 /dev/shm/shared", 0),
    mapping("7f1000000000-7f1000200000 r-xp 00000000 00:00 0 ", 0),
    mapping("7fff00000000-7fff00002000 r-xp 00000000 00:00 0                  [vdso]", 0),
    mapping("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0          [vsyscall]", 0),
  ].join("");
  expect(unchangedFiles(smaps)).toEqual([
    { start: 0x40_0000n, bytes: 0x260_0000n },
    { start: 0x2a0_0000n, bytes: 0x2e0_0000n },
  ]);
  expect(unchangedFiles("")).toEqual([]);
});
