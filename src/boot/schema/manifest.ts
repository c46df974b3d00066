// What the image knows of its own migrations, without a start of Django.
import * as v from "valibot";
import { readUntrusted } from "../../base/untrusted-file.ts";
import { MANIFEST_FILES } from "../../plan/paths.ts";
import { fingerprint } from "./fingerprint.ts";
import { SITE_FACTS } from "./site.ts";

/** A thousand migrations take 200 KB. */
const MOST_BYTES = 32 * 1024 * 1024;

const pair = v.tuple([v.string(), v.string()]);

/** What Django finds out, as djinit_manifest.py reports it. */
export const FACTS = v.object({
  /** Change one of these, and the list may be another. */
  inputs: v.object({
    files: v.array(v.string()),
    migrations: v.array(v.string()),
    directories: v.array(v.string()),
    variables: v.array(v.string()),
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
  /** Missing in a manifest of an older djinit. */
  site: v.optional(SITE_FACTS),
  /** Why only Django itself may say what is pending. */
  needs_django: v.array(v.string()),
});

const MANIFEST = v.object({
  format: v.literal(2),
  fingerprints: v.record(v.string(), v.string()),
  facts: FACTS,
});

export type ManifestFacts = v.InferOutput<typeof FACTS>;
export type Manifest = v.InferOutput<typeof MANIFEST>;

export interface Found {
  manifest?: Manifest;
  /** Why one that was found is not to be trusted. */
  stale?: { path: string; reason: string };
}

/** Errors: throws when these are no facts. */
export function makeManifest(facts: unknown, environment: NodeJS.ProcessEnv): Manifest {
  const parsed = v.parse(FACTS, facts);
  return { format: 2, fingerprints: fingerprint(parsed.inputs, environment), facts: parsed };
}

/** The first manifest that was made from what is there now. `environment` is that of the steps that need Django. */
export function findManifest(
  environment: NodeJS.ProcessEnv,
  paths: readonly string[] = MANIFEST_FILES,
): Found {
  let stale: Found["stale"];
  for (const path of paths) {
    let text: string;
    try {
      text = readUntrusted(path, { mostBytes: MOST_BYTES }).toString("utf8");
    } catch {
      continue;
    }
    const manifest = parseManifest(text);
    const reason = manifest === undefined ? "it cannot be read" : findChange(manifest, environment);
    if (reason === undefined) return { manifest: manifest as Manifest };
    stale ??= { path, reason };
  }
  return stale === undefined ? {} : { stale };
}

function parseManifest(text: string): Manifest | undefined {
  try {
    return v.parse(MANIFEST, JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The first input that is not what it was. */
function findChange({ facts, fingerprints }: Manifest, environment: NodeJS.ProcessEnv): string | undefined {
  for (const [input, is] of Object.entries(fingerprint(facts.inputs, environment))) {
    if (fingerprints[input] !== is) return `${input} is not what it was when the manifest was made`;
  }
  return undefined;
}
