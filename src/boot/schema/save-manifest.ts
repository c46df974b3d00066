import { mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import type { OwnLog } from "../../logs/write/own-log.ts";
import { MANIFEST_FILES } from "../../plan/paths.ts";
import { writeNewFile } from "../../platform/new-file.ts";
import { makeManifest } from "./manifest.ts";

/** Keeps it for the next start of this container. One that cannot be kept is reported: that start is slower, no more. */
export function saveManifest(facts: unknown, environment: NodeJS.ProcessEnv, log: OwnLog): void {
  try {
    const manifest = makeManifest(facts, environment);
    // It has hashes of files and variables, whose names come from the application: they are not for it to see.
    writeManifest(JSON.stringify(manifest), MANIFEST_FILES[0], 0o600);
    log.debug({ step: "manifest" }, `the manifest has ${manifest.facts.migrations.length} migrations`);
  } catch (error) {
    log.warn({ step: "manifest" }, `cannot keep the manifest: ${(error as Error).message}`);
  }
}

/** Writes it in one piece. Errors: throws the system's own. */
export function writeManifest(text: string, path: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeNewFile(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}
