// What the boot's own programs may write to: the steps in Django, hooks and the release line.
import type { Config } from "../../config/variables.ts";
import { confineWrites, type Places } from "../../plan/confinement/writes.ts";
import { confinementWords } from "../../platform/confinement/rules.ts";

/** For startAfter; empty: whatever their user may. */
export function confinedProgram(config: Places & Partial<Pick<Config, "confine">>): string[] {
  return config.confine === "all" ? confinementWords(confineWrites(config)) : [];
}
