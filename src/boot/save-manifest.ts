import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { OwnLog } from "../logs/own-log.ts";
import { MANIFEST_FILES } from "../plan/paths.ts";
import { makeManifest } from "./manifest.ts";

/** Keeps it for the next start of this container. One that cannot be kept is reported: that start is slower, no more. */
export function saveManifest(facts: unknown, environment: NodeJS.ProcessEnv, log: OwnLog): void {
  try {
    const manifest = makeManifest(facts, environment);
    writeManifest(JSON.stringify(manifest), MANIFEST_FILES[0]);
    log.debug({ step: "manifest" }, `the manifest has ${manifest.facts.migrations.length} migrations`);
  } catch (error) {
    log.warn({ step: "manifest" }, `cannot keep the manifest: ${(error as Error).message}`);
  }
}

/** Writes it in one piece. Errors: throws the system's own. */
export function writeManifest(text: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, text, { mode: 0o644 });
  renameSync(`${path}.new`, path);
}
