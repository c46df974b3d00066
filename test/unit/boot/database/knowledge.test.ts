import { expect, test } from "vitest";
import { learnSchema, type Question, type Settings } from "../../../../src/boot/database/knowledge.ts";
import type { Django } from "../../../../src/boot/django/run.ts";
import type { Candidate, Found, ManifestFacts } from "../../../../src/boot/schema/manifest.ts";

const SAME = { INSTALLED_APPS: ["shop"] };
const OTHER = { INSTALLED_APPS: ["shop", "extra"] };
const URL = "postgres://u:word@h/d";
const POSTGRES: Settings["database"] = { kind: "postgres", url: URL, variables: ["POSTGRES_HOST"] };
const BY_VARIABLE = { place: { url: "postgres://by-variable/d", origin: { variable: "DATABASE_URL" } } };
const OF_SETTINGS = { url: URL, origin: { settingsReadIt: ["POSTGRES_HOST"] } };

function candidate({
  takesUrl = true,
  unproven,
  needsDjango = [],
  databases,
  fileUnless,
}: {
  databases?: string[];
  fileUnless?: string[];
  takesUrl?: boolean;
  unproven?: string;
  needsDjango?: string[];
} = {}): Candidate {
  const facts: ManifestFacts = {
    inputs: { files: [], migrations: [], directories: [] },
    settings: {
      files: [],
      variables: [],
      unproven: [],
      values: SAME,
      takes_url: takesUrl,
      ...(fileUnless === undefined ? {} : { file_unless: fileUnless }),
    },
    migrations: [],
    needs_django: needsDjango,
    ...(databases === undefined ? {} : { databases }),
  };
  const manifest = { format: 3 as const, fingerprints: { inputs: {}, settings: {} }, facts };
  return { path: "/manifest", manifest, ...(unproven === undefined ? {} : { unproven }) };
}

/** What is learnt, whether the settings were imported for it, and what was said above debug. */
async function learn(
  found: Partial<Found>,
  question: Partial<Question>,
  {
    values = SAME,
    database = POSTGRES,
    databases = {},
    migrateDatabases,
    migrateAlways = false,
  }: Partial<Settings> & { migrateAlways?: boolean; migrateDatabases?: string[] } = {},
) {
  const said: string[] = [];
  const say = (level: string) => (_: object, text: string) => said.push(`${level}: ${text}`);
  const log = { debug: () => {}, info: say("info"), warn: say("warn"), error: say("error") };
  let reads = 0;
  const knowledge = await learnSchema(
    {
      config: { migrateAlways, migrateDatabases },
      environment: { DB_HOST: "h" },
      runAsPrefix: [],
      log,
    } as unknown as Django,
    { byVariable: undefined, onlyIfShared: false, startsDjango: false, ...question },
    {
      findManifests: () => ({ candidates: [], ...found }),
      readSettings: async () => {
        reads += 1;
        return { event: "settings", values: values as Settings["values"], database, databases };
      },
    },
  );
  return { knowledge, reads, said };
}

const byUrl = { byVariable: BY_VARIABLE };

test("proven settings that take DATABASE_URL: nothing is imported", async () => {
  const proven = candidate();
  expect(await learn({ candidates: [proven] }, byUrl)).toEqual({
    knowledge: { kind: "known", facts: proven.manifest.facts, place: BY_VARIABLE.place, others: [] },
    reads: 0,
    said: [],
  });
});

test("they are looked at where Django is started for another step too", async () => {
  const { knowledge } = await learn({ candidates: [candidate()] }, { ...byUrl, startsDjango: true });
  expect(knowledge.kind).toBe("known");
});

test.each<[string, Candidate, Partial<Question>]>([
  ["a variable differs", candidate({ unproven: "variable WITH_SHOP" }), byUrl],
  ["the database is not by DATABASE_URL", candidate({ takesUrl: false }), {}],
  ["DATABASE_URL is set, for another program", candidate({ takesUrl: false }), byUrl],
  ["DATABASE_URL is taken, and not set", candidate(), {}],
])("by value, where %s: equal ones are as good, and say where the database is", async (_, one, question) => {
  expect(await learn({ candidates: [one] }, question)).toEqual({
    knowledge: { kind: "known", facts: one.manifest.facts, place: OF_SETTINGS, others: [] },
    reads: 1,
    said: [],
  });
});

test("other values: Django, which makes a manifest of them; no warning", async () => {
  const { knowledge, said } = await learn(
    { candidates: [candidate({ takesUrl: false })] },
    {},
    { values: OTHER },
  );
  expect(knowledge).toEqual({ kind: "unknown", more: ["manifest"], place: OF_SETTINGS });
  expect(said).toEqual([expect.stringMatching(/^info: .*INSTALLED_APPS is not/)]);
});

test.each<[string, Partial<Found>, Partial<Question>, object]>([
  ["no manifest", {}, byUrl, { more: ["manifest"], place: BY_VARIABLE.place }],
  ["no manifest, no variable", {}, {}, { more: ["manifest"], place: undefined }],
  [
    "a reason of the project's own",
    { candidates: [candidate({ needsDjango: ["its own migrate"] })] },
    byUrl,
    { more: [], place: BY_VARIABLE.place },
  ],
  [
    "the variable names another kind of database",
    { candidates: [candidate({ takesUrl: false })] },
    { byVariable: { place: undefined } },
    { more: [], place: undefined },
  ],
  [
    "it is started anyway",
    { candidates: [candidate({ takesUrl: false })] },
    { startsDjango: true },
    { more: [], place: undefined },
  ],
])("Django, and nothing is imported before: %s", async (_, found, question, expected) => {
  const { knowledge, reads, said } = await learn(found, question);
  expect(knowledge).toEqual({ kind: "unknown", ...expected });
  expect([reads, said]).toEqual([0, []]);
});

test("a stale manifest is the one thing that is warned of, where there is no other", async () => {
  const stale = { path: "/manifest", reason: "0001.py is not what it was" };
  expect((await learn({ stale }, byUrl)).said).toEqual([expect.stringMatching(/^warn: .*0001\.py is not/)]);
  expect((await learn({ stale, candidates: [candidate()] }, byUrl)).said).toEqual([]);
});

test("DJINIT_MIGRATE_ALWAYS asks Django whatever there is", async () => {
  const { knowledge, reads } = await learn({ candidates: [candidate()] }, byUrl, { migrateAlways: true });
  expect([knowledge, reads]).toEqual([{ kind: "unknown", more: [], place: BY_VARIABLE.place }, 0]);
});

test.each<Settings["database"]>([
  { kind: "other", reason: "OPTIONS of the database has assume_role" },
  { kind: "postgres", url: "postgres://h/d?service=nowhere", variables: [] },
  { kind: "file" },
  { kind: "none" },
  { kind: "postgres", url: "postgres://h/d?sslmode=maybe", variables: [] },
])("a database that only Django can look into: %j", async (database) => {
  const { knowledge, said } = await learn({ candidates: [candidate({ takesUrl: false })] }, {}, { database });
  expect(knowledge).toEqual({ kind: "unknown", more: [], place: undefined });
  expect(said).toEqual([]);
});

test.each<[Settings["database"], object]>([
  [{ kind: "file" }, { kind: "alone", database: "file" }],
  [{ kind: "none" }, { kind: "alone", database: "none" }],
  [
    { kind: "other", reason: "MySQL" },
    { kind: "unknown", more: ["manifest"], place: undefined },
  ],
  [POSTGRES, { kind: "unknown", more: ["manifest"], place: OF_SETTINGS }],
])(
  "who only waits where containers share a database asks the settings first: %j",
  async (database, expected) => {
    const { knowledge, reads } = await learn({}, { onlyIfShared: true }, { database });
    expect([knowledge, reads]).toEqual([expected, 1]);
  },
);

const TWO = candidate({ databases: ["default", "events"] });
const EVENTS: Settings["database"] = { kind: "postgres", url: "postgres://h/events", variables: [] };
const OF_EVENTS = { alias: "events", place: { url: "postgres://h/events", origin: { settingsReadIt: [] } } };

test("more than one database: the settings tell where they are, however proven they are", async () => {
  const { knowledge, reads } = await learn({ candidates: [TWO] }, byUrl, { databases: { events: EVENTS } });
  expect([knowledge, reads]).toEqual([
    { kind: "known", facts: TWO.manifest.facts, place: OF_SETTINGS, others: [OF_EVENTS] },
    1,
  ]);
});

test("the variable wins over what the routers say", async () => {
  const settings = { databases: { events: EVENTS } };
  const fewer = await learn({ candidates: [TWO] }, byUrl, { ...settings, migrateDatabases: ["default"] });
  expect([fewer.knowledge, fewer.reads]).toMatchObject([{ kind: "known", others: [] }, 0]);
  const more = await learn({ candidates: [candidate()] }, byUrl, {
    ...settings,
    migrateDatabases: ["default", "events"],
  });
  expect(more.knowledge).toMatchObject({ kind: "known", others: [OF_EVENTS] });
});

test.each<[string, Settings["databases"], string[] | undefined]>([
  ["one is not Postgres", { events: { kind: "file" } }, undefined],
  ["one is not in the settings", {}, undefined],
  ["the default one is left out", { events: EVENTS }, ["events"]],
])("%s: Django is asked", async (_, databases, migrateDatabases) => {
  const given = migrateDatabases === undefined ? { databases } : { databases, migrateDatabases };
  const { knowledge } = await learn({ candidates: [TWO] }, byUrl, given);
  expect(knowledge).toEqual({ kind: "unknown", more: [], place: OF_SETTINGS });
});

test("a database that is a file by the manifest is Django's, and nothing is imported before", async () => {
  const file = candidate({ fileUnless: ["DB_NAME"] });
  const unknown = { knowledge: { kind: "unknown", more: [], place: undefined }, reads: 0, said: [] };
  expect(await learn({ candidates: [file] }, {})).toEqual(unknown);
  // Whoever waits for others has to know for certain.
  const database = { kind: "file" } as const;
  const waiting = await learn({ candidates: [file] }, { onlyIfShared: true }, { database });
  expect(waiting).toEqual({ knowledge: { kind: "alone", database: "file" }, reads: 1, said: [] });
  // A variable is set that decides on it.
  const another = candidate({ fileUnless: ["DB_HOST"] });
  const { knowledge, reads } = await learn({ candidates: [another] }, {});
  expect({ kind: knowledge.kind, reads }).toEqual({ kind: "known", reads: 1 });
});
