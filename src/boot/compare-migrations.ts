import type { ManifestFacts } from "./manifest.ts";

export interface Recorded {
  app: string;
  name: string;
}

export interface Compared {
  applied: string[];
  /** What Django would have to do something about. */
  pending: string[];
  /** Recorded, but not in this image. */
  unknown: string[];
  /** Those unknown that are newer than what this image has of the same app: it is older than the schema. */
  ahead: string[];
}

/**
 * Compares the image's migrations with the rows of django_migrations, which come in the order in which they were
 * applied. A squashed migration counts as applied when it is recorded itself: where only those that it replaces are,
 * Django must record it.
 */
export function compareMigrations(
  known: ManifestFacts["migrations"],
  recorded: readonly Recorded[],
): Compared {
  const nameOf = ({ app, name }: Recorded): string => `${app}.${name}`;
  const rows = new Set(recorded.map(nameOf));
  const replaced = new Set(
    known.flatMap(({ replaces }) => replaces.map(([app, name]) => nameOf({ app, name }))),
  );
  const names = new Set(known.map(nameOf));
  const lastKnown = new Map<string, number>();
  for (const [at, row] of recorded.entries()) if (names.has(nameOf(row))) lastKnown.set(row.app, at);
  const unknown = [...recorded.entries()].filter(
    ([, row]) => !names.has(nameOf(row)) && !replaced.has(nameOf(row)),
  );
  return {
    applied: [...names].filter((name) => rows.has(name)),
    pending: [...names].filter((name) => !rows.has(name) && !replaced.has(name)),
    unknown: unknown.map(([, row]) => nameOf(row)),
    // What is left of migrations that were squashed long ago is older.
    ahead: unknown.filter(([at, { app }]) => at > (lastKnown.get(app) ?? -1)).map(([, row]) => nameOf(row)),
  };
}
