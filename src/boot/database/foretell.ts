// What the manifest says before the libraries that check it are loaded. Wrong answers cost time and nothing else.
import { readUntrusted } from "../../base/untrusted-file.ts";
import type { Config } from "../../config/variables.ts";
import { databaseKind } from "../../plan/database-kind.ts";
import { MANIFEST_FILES } from "../../plan/paths.ts";
import type { BootPlan } from "../../plan/plan.ts";
import { changesDatabase } from "./decide.ts";

/** A manifest that takes long to read is not looked at twice. */
const MOST_BYTES = 1024 * 1024;

/** Of ManifestFacts. */
interface Told {
  needs_django: unknown[];
  settings: { unproven: unknown[]; takes_url: boolean; file_unless?: string[] | undefined; loads?: unknown };
}

/** What the settings load, where learnSchema will import them, unless the code has changed since the manifests were made. */
export function foretellReading(
  { steps }: Pick<BootPlan, "steps">,
  config: Pick<Config, "databaseUrl" | "migrationsDatabaseUrl" | "migrateAlways">,
  environment: NodeJS.ProcessEnv,
  paths: readonly string[] = MANIFEST_FILES,
): { loads: string[] } | undefined {
  // Elsewhere Django is started anyway, or nothing is looked for.
  if (!steps.some(changesDatabase) || steps.includes("collectstatic") || config.migrateAlways)
    return undefined;
  const url = config.migrationsDatabaseUrl ?? config.databaseUrl;
  if (url !== undefined && databaseKind(url) !== "postgres") return undefined;
  const manifests = paths.flatMap(readManifest);
  const [first] = manifests;
  if (first === undefined || !manifests.every((told) => needsSettings(told, url, environment)))
    return undefined;
  const { loads } = first.settings;
  return { loads: Array.isArray(loads) ? loads.filter((name) => typeof name === "string") : [] };
}

/** Whether the default database is a file, as it was when the manifest was made: none of the variables is set that decide. */
export function hasFileDatabase(
  { file_unless }: Pick<Told["settings"], "file_unless">,
  environment: NodeJS.ProcessEnv,
): boolean {
  return file_unless?.every((name) => environment[name] === undefined) === true;
}

function needsSettings(
  { needs_django, settings }: Told,
  url: string | undefined,
  environment: NodeJS.ProcessEnv,
): boolean {
  if (needs_django.length > 0 || hasFileDatabase(settings, environment)) return false;
  return settings.unproven.length > 0 || url === undefined || !settings.takes_url;
}

function readManifest(path: string): Told[] {
  try {
    const { facts } = JSON.parse(readUntrusted(path, { mostBytes: MOST_BYTES }).toString("utf8"));
    return Array.isArray(facts.needs_django) && Array.isArray(facts.settings.unproven) ? [facts] : [];
  } catch {
    return [];
  }
}
