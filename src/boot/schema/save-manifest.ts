import { mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import type { OwnLog } from "../../logs/write/own-log.ts";
import { MANIFEST_FILES } from "../../plan/paths.ts";
import { writeNewFile } from "../../platform/new-file.ts";
import { makeManifest } from "./manifest.ts";

/** Keeps it for the next start of this container. A failure is only reported: that start will be slower. */
export function saveManifest(facts: unknown, environment: NodeJS.ProcessEnv, log: OwnLog): void {
  try {
    const manifest = makeManifest(facts, environment);
    // The application chooses which files and variables are hashed: it must not read the hashes.
    writeManifest(JSON.stringify(manifest), MANIFEST_FILES[0], 0o600);
    log.debug({ step: "manifest" }, `the manifest has ${manifest.facts.migrations.length} migrations`);
  } catch (error) {
    log.warn({ step: "manifest" }, `cannot keep the manifest: ${(error as Error).message}`);
  }
}

/** Writes it atomically. Errors: the system's own. */
export function writeManifest(text: string, path: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeNewFile(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}
