// What the image knows of its own migrations, without a start of Django.
import { isDeepStrictEqual } from "node:util";
import * as v from "valibot";
import { readUntrusted } from "../../base/untrusted-file.ts";
import { MANIFEST_FILES } from "../../plan/paths.ts";
import { fingerprint } from "./fingerprint.ts";
import { SITE_FACTS } from "./site.ts";

/** A thousand migrations take 200 KB. */
const MOST_BYTES = 32 * 1024 * 1024;

const pair = v.tuple([v.string(), v.string()]);

/** What the settings have become, as far as the list of migrations follows from it: djinit_values.py. */
export const VALUES = v.record(v.string(), v.unknown());
export type SettingsValues = v.InferOutput<typeof VALUES>;

/** What Django finds out, as djinit_manifest.py reports it. */
export const FACTS = v.object({
  /** Change one of these, and the list may be another. */
  inputs: v.object({
    files: v.array(v.string()),
    migrations: v.array(v.string()),
    directories: v.array(v.string()),
  }),
  settings: v.object({
    /** Where they are the same, the settings have become the same. */
    files: v.array(v.string()),
    variables: v.array(v.string()),
    /** Why that may not be so. */
    unproven: v.array(v.string()),
    values: VALUES,
    /** Whether DATABASE_URL decides on the default database. */
    takes_url: v.boolean(),
    /** The default database is a file, unless one of these variables is set. Missing where that is not known. */
    file_unless: v.optional(v.array(v.string())),
    /** Modules of django and of libraries that their import loads: djinit_likely.py. Missing in a manifest of an older djinit. */
    loads: v.optional(v.array(v.string())),
  }),
  migrations: v.array(
    v.object({
      app: v.string(),
      name: v.string(),
      replaces: v.array(pair),
      /** What must be applied before it. */
      dependencies: v.array(pair),
    }),
  ),
  /** Where a superuser is found; missing where only Django can tell. */
  superuser: v.optional(
    v.object({ table: v.string(), column: v.string(), named_by: v.picklist(["username", "email"]) }),
  ),
  /** Which of DATABASES are migrated, as the routers have it. Missing in a manifest of an older djinit. */
  databases: v.optional(v.array(v.string())),
  /** Missing in a manifest of an older djinit. */
  site: v.optional(SITE_FACTS),
  /** The project's own `migrate`, where it does more than Django's: its module, and what tells this image from others. */
  own_migrate: v.optional(v.object({ module: v.string(), build: v.pipe(v.string(), v.regex(/^\w+$/)) })),
  /** Why only Django itself may say what is pending. */
  needs_django: v.array(v.string()),
});

const PRINTS = v.record(v.string(), v.string());
const MANIFEST = v.object({
  format: v.literal(3),
  fingerprints: v.object({ inputs: PRINTS, settings: PRINTS }),
  facts: FACTS,
});

export type ManifestFacts = v.InferOutput<typeof FACTS>;
export type Manifest = v.InferOutput<typeof MANIFEST>;

/** One whose code is what is there now. */
export interface Candidate {
  path: string;
  manifest: Manifest;
  /** Why the values of the settings have to be compared; undefined: they are those of the manifest. */
  unproven?: string;
}

export interface Stale {
  path: string;
  reason: string;
}

export interface Found {
  /** Those that are proven to fit come first. */
  candidates: Candidate[];
  /** Why the first of those that were found is not to be trusted, where none is. */
  stale?: Stale;
}

/** Errors: throws when these are no facts. */
export function makeManifest(facts: unknown, environment: NodeJS.ProcessEnv): Manifest {
  const parsed = v.parse(FACTS, facts);
  return { format: 3, fingerprints: fingerprints(parsed, environment), facts: parsed };
}

/** The manifests that were made from the code that is there now. `environment` is that of the steps that need Django. */
export function findManifests(
  environment: NodeJS.ProcessEnv,
  paths: readonly string[] = MANIFEST_FILES,
): Found {
  const candidates: Candidate[] = [];
  let stale: Stale | undefined;
  for (const path of paths) {
    let text: string;
    try {
      text = readUntrusted(path, { mostBytes: MOST_BYTES }).toString("utf8");
    } catch {
      continue;
    }
    const manifest = parseManifest(text);
    if (manifest === undefined) {
      stale ??= { path, reason: "it cannot be read" };
      continue;
    }
    const { inputs, settings } = fingerprints(manifest.facts, environment);
    const changed = findChange(manifest.fingerprints.inputs, inputs);
    if (changed !== undefined) {
      stale ??= { path, reason: `${changed} is not what it was when the manifest was made` };
      continue;
    }
    const [reason = findChange(manifest.fingerprints.settings, settings)] = manifest.facts.settings.unproven;
    candidates.push({ path, manifest, ...(reason === undefined ? {} : { unproven: reason }) });
  }
  const proven = candidates.filter(({ unproven }) => unproven === undefined);
  const others = candidates.filter(({ unproven }) => unproven !== undefined);
  return { candidates: [...proven, ...others], ...(stale === undefined ? {} : { stale }) };
}

/** The first that was made from the same values, or the first setting that is another one. */
export function fittingManifest(
  candidates: readonly Candidate[],
  values: SettingsValues,
): { manifest: Manifest } | { differs: Stale } {
  let differs: Stale | undefined;
  for (const { path, manifest } of candidates) {
    const then = manifest.facts.settings.values;
    const names = [...new Set([...Object.keys(then), ...Object.keys(values)])];
    const name = names.find((it) => !isDeepStrictEqual(then[it], values[it]));
    if (name === undefined) return { manifest };
    differs ??= { path, reason: `${name} is not what it was when the manifest was made` };
  }
  return { differs: differs ?? { path: "", reason: "there is none" } };
}

function parseManifest(text: string): Manifest | undefined {
  try {
    return v.parse(MANIFEST, JSON.parse(text));
  } catch {
    return undefined;
  }
}

function fingerprints(
  { inputs, settings }: ManifestFacts,
  environment: NodeJS.ProcessEnv,
): Manifest["fingerprints"] {
  const { files, variables } = settings;
  return {
    inputs: fingerprint({ ...inputs, variables: [] }, environment),
    settings: fingerprint({ files, variables, migrations: [], directories: [] }, environment),
  };
}

/** The first input that is not what it was. */
function findChange(was: Record<string, string>, is: Record<string, string>): string | undefined {
  return Object.keys(is).find((input) => was[input] !== is[input]);
}
