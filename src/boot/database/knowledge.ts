// What is known without a start of Django: where the database is, and which migrations the image has. Where the manifest
// alone does not tell, the settings are imported, and what they have become is compared.
import type { StepName } from "../../plan/plan.ts";
import { READ_SETTINGS } from "../django/early-reader.ts";
import { djangoEnvironment } from "../django/environment.ts";
import type { SetupEvent } from "../django/event-schemas.ts";
import { type Django, runDjango } from "../django/run.ts";
import { serversOf } from "../postgres/servers.ts";
import { withoutService } from "../postgres/service-file.ts";
import type { Place } from "../postgres/wait.ts";
import {
  type Candidate,
  type Found,
  findManifests,
  fittingManifest,
  type ManifestFacts,
} from "../schema/manifest.ts";
import { hasFileDatabase } from "./foretell.ts";
import { DEFAULT_DATABASE, migratedDatabases, type OtherDatabase } from "./others.ts";

export type Settings = Extract<SetupEvent, { event: "settings" }>;

export type Knowledge =
  | { kind: "known"; facts: ManifestFacts; place: Place; others: OtherDatabase[] }
  /** Django has to look; `more` makes the next start know more. A place that is known can be waited for without it. */
  | { kind: "unknown"; more: StepName[]; place: Place | undefined }
  /** There is no database that another container could bring up to date. */
  | { kind: "alone"; database: "file" | "none" };

export interface Question {
  /** What a variable says of the database: where it is, if it is Postgres. */
  byVariable: { place: Place | undefined } | undefined;
  /** No variable names a database to wait for. */
  onlyIfShared: boolean;
  /** Django is started for another step anyway: it may as well look for migrations then. */
  startsDjango: boolean;
}

/** Where it learns from. */
export interface Sources {
  findManifests: (django: Django) => Found;
  /** Errors: DJINIT_SETTINGS_FAILED. */
  readSettings: (django: Django) => Promise<Settings>;
}

const REAL: Sources = {
  findManifests: (django) => findManifests(environmentOf(django)),
  readSettings: async (django) => {
    const { promise: told, resolve: onSettings } = Promise.withResolvers<Settings>();
    const early = await django.reader?.take(django.signal);
    const ended = runDjango(django, [READ_SETTINGS], { lock: "own", early, onSettings });
    // To take the interpreter down takes longer than to ask the database. Its step is reported as done after this.
    return await Promise.race([told, ended.then(({ settings }) => settings as Settings)]);
  },
};

/** What Django would have to be started for otherwise. Errors: DJINIT_SETTINGS_FAILED, where they have to be imported. */
export async function learnSchema(
  django: Django,
  { byVariable, onlyIfShared, startsDjango }: Question,
  sources = REAL,
): Promise<Knowledge> {
  const place = byVariable?.place;
  // A variable that names another kind of database.
  if (byVariable !== undefined && place === undefined) return { kind: "unknown", more: [], place };
  const { candidates, more } = trustedManifests(django, sources);
  const [first] = candidates;
  const { facts } = first?.manifest ?? {};
  // Where they are not proven, what Django or an import of the settings says later wins.
  if (facts?.site !== undefined) django.observer.onSite(facts.site);
  const isProven = first?.unproven === undefined && facts?.settings.takes_url === true;
  if (isProven && place !== undefined && isDefaultAlone(migratedDatabases(django, facts)))
    return { kind: "known", facts, place, others: [] };
  if (first === undefined && !onlyIfShared) return { kind: "unknown", more, place };
  const isFile = facts !== undefined && hasFileDatabase(facts.settings, environmentOf(django));
  // Not even to wait at a place that these settings may not have. Only Django looks into a file.
  if (startsDjango || (isFile && place === undefined && !onlyIfShared))
    return { kind: "unknown", more, place: undefined };
  if (first?.unproven !== undefined)
    django.log.debug(
      { step: "read-settings", reason: first.unproven },
      `the settings are compared by value: ${first.unproven}`,
    );
  const settings = await sources.readSettings(django);
  const { kind } = settings.database;
  if (onlyIfShared && (kind === "file" || kind === "none")) return { kind: "alone", database: kind };
  return compare(django, candidates, settings, more);
}

/** Manifests by which djinit may look for migrations itself, or what is to be done so that the next start has one. */
function trustedManifests(django: Django, sources: Sources): { candidates: Candidate[]; more: StepName[] } {
  const { config, log } = django;
  if (config.migrateAlways) return { candidates: [], more: [] };
  const { candidates, stale } = sources.findManifests(django);
  if (candidates.length === 0) {
    if (stale !== undefined)
      log.warn(
        { step: "manifest", ...stale },
        `the manifest ${stale.path} is stale and not used: ${stale.reason}`,
      );
    return { candidates, more: ["manifest"] };
  }
  const useful = candidates.filter(({ manifest }) => manifest.facts.needs_django.length === 0);
  if (useful.length === 0) {
    const reasons = candidates[0]?.manifest.facts.needs_django ?? [];
    log.debug(
      { step: "manifest", reasons },
      `Django is started to look for migrations: ${reasons.join("; ")}`,
    );
  }
  return { candidates: useful, more: [] };
}

function compare(django: Django, candidates: Candidate[], settings: Settings, more: StepName[]): Knowledge {
  const { log } = django;
  const place = placeOf(settings.database, django);
  if (candidates.length === 0) return { kind: "unknown", more, place };
  const fitting = fittingManifest(candidates, settings.values);
  if ("differs" in fitting) {
    const { path, reason } = fitting.differs;
    log.info(
      { step: "manifest", path, reason },
      `the manifest ${path} is of other settings, and Django is started: ${reason}`,
    );
    return { kind: "unknown", more: ["manifest"], place };
  }
  const { facts } = fitting.manifest;
  const aliases = migratedDatabases(django, facts);
  const others = aliases.filter((alias) => alias !== DEFAULT_DATABASE);
  const places = others.map((alias) => ({ alias, place: placeOf(settings.databases[alias], django) }));
  const unclear = places.find((it) => it.place === undefined);
  if (place !== undefined && unclear === undefined && aliases.includes(DEFAULT_DATABASE))
    return { kind: "known", facts, place, others: places as OtherDatabase[] };
  const reason = whyNoPlace(
    place === undefined ? settings.database : settings.databases[unclear?.alias ?? ""],
  );
  log.debug({ step: "manifest", reasons: [reason] }, `Django is started to look for migrations: ${reason}`);
  return { kind: "unknown", more: [], place };
}

/** Undefined where it is not Postgres, or not in a form that djinit understands. */
function placeOf(database: Settings["database"] | undefined, django: Django): Place | undefined {
  if (database?.kind !== "postgres") return undefined;
  const url = withoutService(database.url, environmentOf(django));
  if (url === undefined) return undefined;
  try {
    serversOf(url, django.environment);
    return { url, origin: { settingsReadIt: database.variables } };
  } catch {
    return undefined;
  }
}

function environmentOf({ config, environment, runAsPrefix }: Django): NodeJS.ProcessEnv {
  return djangoEnvironment(config, environment, runAsPrefix);
}

function isDefaultAlone(aliases: readonly string[]): boolean {
  return aliases.length === 1 && aliases[0] === DEFAULT_DATABASE;
}

function whyNoPlace(database: Settings["database"] | undefined): string {
  if (database === undefined) return "DJINIT_MIGRATE_DATABASES leaves out the default database";
  if (database.kind === "other") return database.reason;
  return database.kind === "postgres"
    ? "only libpq can tell where the database is"
    : "the database is not Postgres";
}
