// Which hooks this start of the container has run, for `djinit migrations`.
import * as v from "valibot";
import { readUntrusted } from "../../base/untrusted-file.ts";
import { HOOKS_RAN_FILE } from "../../plan/paths.ts";
import { writeNewFile } from "../../platform/new-file.ts";
import type { RanHook } from "./run-hooks.ts";

const MOST_BYTES = 64 * 1024;
const RAN = v.array(v.object({ hook: v.string(), seconds: v.number() }));

/** Where it cannot be kept, nobody will be told. */
export function saveRanHooks(ran: readonly RanHook[]): void {
  try {
    writeNewFile(HOOKS_RAN_FILE, JSON.stringify(ran), { mode: 0o644 });
  } catch {}
}

/** None where nothing is known of it. */
export function readRanHooks(): RanHook[] {
  try {
    const text = readUntrusted(HOOKS_RAN_FILE, { mostBytes: MOST_BYTES }).toString("utf8");
    return v.parse(RAN, JSON.parse(text));
  } catch {
    return [];
  }
}
