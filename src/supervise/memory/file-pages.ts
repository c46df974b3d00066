// Takes the pages of programs' files out of this process's memory. They stay in the kernel's cache, and come back where they are used.
import { readFileSync } from "node:fs";
import { dropPages } from "../../platform/libc.ts";

export interface MappedFile {
  start: bigint;
  bytes: bigint;
}

/** A mapping of a file that nobody can write: its program, its constants. */
const READ_ONLY = /^([0-9a-f]+)-([0-9a-f]+) r-[-x]p \S+ \S+ \S+ +\/.*$/;
const FIELD = /^\w+:/;
/** In memory, or swapped out. */
const SOMETHING_OWN = /^(?:Anonymous|Swap): +[1-9]/m;

/**
 * What a start has used once is most of them: V8's start, the compiler's tables. The kernel also maps the pages around each that
 * is used. Mapped, they count for this process, and the kernel looks twice before it gives up one of them.
 */
export function dropFilePages(): void {
  let smaps: string;
  try {
    smaps = readFileSync("/proc/self/smaps", "latin1");
  } catch {
    // No descriptor is left, or a kernel without it.
    return;
  }
  for (const { bytes, start } of unchangedFiles(smaps)) dropPages(start, bytes);
}

/** By the text of smaps. A page that differs from its file, as relocated tables do, is nowhere else: its mapping is left out. */
export function unchangedFiles(smaps: string): MappedFile[] {
  const found: MappedFile[] = [];
  let mapping: string[] = [];
  const close = (): void => {
    const [, start, end] = READ_ONLY.exec(mapping[0] ?? "") ?? [];
    if (start === undefined || end === undefined || SOMETHING_OWN.test(mapping.join("\n"))) return;
    found.push({ start: BigInt(`0x${start}`), bytes: BigInt(`0x${end}`) - BigInt(`0x${start}`) });
  };
  for (const line of smaps.split("\n")) {
    if (FIELD.test(line) || line === "") {
      mapping.push(line);
      continue;
    }
    close();
    mapping = [line];
  }
  close();
  return found;
}
