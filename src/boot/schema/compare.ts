import type { ManifestFacts } from "./manifest.ts";

export interface Recorded {
  app: string;
  name: string;
}

export interface Compared {
  applied: string[];
  /** On disk and not recorded, wherever in the history. Django would have to act. */
  pending: string[];
  /** Recorded, but not in this image. */
  unknown: string[];
  /** The unknown ones that are newer than this image's of the same app: the image is older than the schema. */
  ahead: string[];
  /**
   * A migration is recorded, and its dependency is not. Django refuses such a history, and decides: it also follows
   * dependencies through replaced migrations.
   */
  seemsInconsistent: boolean;
}

/**
 * Compares the image's migrations with the rows of django_migrations, which come in the order in which they were
 * applied. The parts that a squashed migration replaces do not count, unless some of them are recorded: then Django
 * applies the other parts, and not the squashed one. If all parts are recorded, the squashed one is still to be recorded.
 * `pending` in djinit_migrate.py does the same.
 */
export function compareMigrations(
  known: ManifestFacts["migrations"],
  recorded: readonly Recorded[],
): Compared {
  const rows = new Set(recorded.map(nameOf));
  const names = new Set(known.map(nameOf));
  const squashed = known.filter(({ replaces }) => replaces.length > 0);
  const unusable = new Set(squashed.filter((it) => partsRecorded(it, rows) === "some").map(nameOf));
  const replaced = new Set(squashed.flatMap((it) => it.replaces.map(nameOfPair)));
  const gone = new Set(
    squashed.filter((it) => !unusable.has(nameOf(it))).flatMap((it) => it.replaces.map(nameOfPair)),
  );
  const lastKnown = new Map<string, number>();
  for (const [at, row] of recorded.entries()) if (names.has(nameOf(row))) lastKnown.set(row.app, at);
  const unknown = [...recorded.entries()].filter(
    ([, row]) => !names.has(nameOf(row)) && !replaced.has(nameOf(row)),
  );
  return {
    applied: [...names].filter((name) => rows.has(name)),
    pending: [...names].filter((name) => !rows.has(name) && !gone.has(name) && !unusable.has(name)),
    unknown: unknown.map(([, row]) => nameOf(row)),
    // Remains of migrations that were squashed long ago are older.
    ahead: unknown.filter(([at, { app }]) => at > (lastKnown.get(app) ?? -1)).map(([, row]) => nameOf(row)),
    seemsInconsistent: hasHole(known, rows),
  };
}

/** A migration, for people: of which database, where it is not the default one. djinit_databases.py has the same. */
export function inDatabase(name: string, alias: string): string {
  return alias === "default" ? name : `${name} (${alias})`;
}

function hasHole(known: ManifestFacts["migrations"], rows: ReadonlySet<string>): boolean {
  const standsIn = new Set<string>();
  for (const it of known) {
    if (it.replaces.length === 0) continue;
    if (rows.has(nameOf(it))) for (const part of it.replaces) standsIn.add(nameOfPair(part));
    else if (partsRecorded(it, rows) === "all") standsIn.add(nameOf(it));
  }
  return known.some(
    (it) =>
      rows.has(nameOf(it)) &&
      it.dependencies.map(nameOfPair).some((name) => !rows.has(name) && !standsIn.has(name)),
  );
}

function partsRecorded(
  { replaces }: ManifestFacts["migrations"][number],
  rows: ReadonlySet<string>,
): "all" | "some" | "none" {
  const count = replaces.filter((part) => rows.has(nameOfPair(part))).length;
  if (count === 0) return "none";
  return count === replaces.length ? "all" : "some";
}

function nameOf({ app, name }: Recorded): string {
  return `${app}.${name}`;
}

function nameOfPair([app, name]: [string, string]): string {
  return `${app}.${name}`;
}
