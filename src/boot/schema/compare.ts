import type { ManifestFacts } from "./manifest.ts";

export interface Recorded {
  app: string;
  name: string;
}

export interface Compared {
  applied: string[];
  /** On disk and not recorded, wherever in the history: what Django would have to do something about. */
  pending: string[];
  /** Recorded, but not in this image. */
  unknown: string[];
  /** Those unknown that are newer than what this image has of the same app: it is older than the schema. */
  ahead: string[];
  /**
   * One is recorded whose dependency is not. Django refuses such a history, and has the last word: it follows the
   * dependencies through what squashed migrations replace.
   */
  seemsInconsistent: boolean;
}

/**
 * Compares the image's migrations with the rows of django_migrations, which come in the order in which they were
 * applied. What a squashed migration replaces is no longer looked at, except where a part of it is recorded: then Django
 * applies the others, and not the squashed one. One of which only the parts are recorded is to be recorded itself. The
 * same is meant by `pending` in djinit_migrate.py.
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
    // What is left of migrations that were squashed long ago is older.
    ahead: unknown.filter(([at, { app }]) => at > (lastKnown.get(app) ?? -1)).map(([, row]) => nameOf(row)),
    seemsInconsistent: hasHole(known, rows),
  };
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
