import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { foretellReading, hasFileDatabase } from "../../../../src/boot/database/foretell.ts";
import type { StepName } from "../../../../src/plan/plan.ts";

const directory = mkdtempSync(join(tmpdir(), "foretell-"));
afterAll(() => rmSync(directory, { recursive: true }));
let written = 0;

interface Facts {
  needs_django?: string[];
  unproven?: string[];
  takes_url?: boolean;
  file_unless?: string[];
  loads?: unknown;
}

function manifest({ needs_django = [], unproven = [], takes_url = true, ...more }: Facts): string {
  return write(JSON.stringify({ facts: { needs_django, settings: { unproven, takes_url, ...more } } }));
}

function write(text: string): string {
  written += 1;
  const path = join(directory, `${written}.json`);
  writeFileSync(path, text);
  return path;
}

const STEPS: StepName[] = ["wait-for-database", "migrate", "superuser"];
const DATABASE_URL = "postgres://u@h/d";

function foretell(
  paths: string[],
  {
    steps = STEPS,
    environment = {},
    ...config
  }: {
    steps?: StepName[];
    environment?: Record<string, string>;
    databaseUrl?: string;
    migrationsDatabaseUrl?: string;
    migrateAlways?: boolean;
  } = {},
): boolean {
  const all = { databaseUrl: undefined, migrationsDatabaseUrl: undefined, migrateAlways: false, ...config };
  return foretellReading({ steps }, all, environment, paths) !== undefined;
}

test("settings that cannot be proven, or do not take DATABASE_URL, will be imported", () => {
  const url = { databaseUrl: DATABASE_URL };
  expect(foretell([manifest({ unproven: ["they are made by dynaconf"] })], url)).toBe(true);
  expect(foretell([manifest({ takes_url: false })], url)).toBe(true);
  expect(foretell([manifest({})])).toBe(true);
  expect(foretell([manifest({ takes_url: false })], { steps: ["wait-for-migrations"] })).toBe(true);
});

test("proven settings, and those whose manifest asks for Django, will not", () => {
  expect(foretell([manifest({})], { databaseUrl: DATABASE_URL })).toBe(false);
  expect(foretell([manifest({})], { migrationsDatabaseUrl: DATABASE_URL })).toBe(false);
  expect(foretell([manifest({ takes_url: false, needs_django: ["its own migrate"] })])).toBe(false);
});

test("nor will any where Django is started anyway, or nothing is looked for", () => {
  const paths = [manifest({ takes_url: false })];
  expect(foretell(paths)).toBe(true);
  expect(foretell(paths, { steps: ["collectstatic"] })).toBe(false);
  expect(foretell(paths, { steps: [...STEPS, "collectstatic"] })).toBe(false);
  expect(foretell(paths, { migrateAlways: true })).toBe(false);
  expect(foretell(paths, { databaseUrl: "sqlite:///x" })).toBe(false);
});

test("each manifest has to say so, and one has to be there", () => {
  const paths = [manifest({ takes_url: false }), join(directory, "none.json")];
  expect(foretell(paths)).toBe(true);
  expect(foretell([...paths, manifest({ needs_django: ["x"] })])).toBe(false);
  expect(foretell([join(directory, "none.json")])).toBe(false);
  for (const text of ["", "null", "{}", '{"facts":{"needs_django":[]}}', "[]"])
    expect(foretell([write(text)])).toBe(false);
});

test("what they load is what the first of the manifests says, as far as it is a list of names", () => {
  const all = { databaseUrl: undefined, migrationsDatabaseUrl: undefined, migrateAlways: false };
  const loads = (...given: unknown[]) =>
    foretellReading(
      { steps: STEPS },
      all,
      {},
      given.map((names) => manifest({ takes_url: false, loads: names })),
    );
  expect(loads(["django.forms", 1, "celery"], ["kombu"])).toEqual({ loads: ["django.forms", "celery"] });
  expect(loads(undefined)).toEqual({ loads: [] });
  expect(loads("celery")).toEqual({ loads: [] });
});

test("a file, by what the manifest says, unless one of the variables is set", () => {
  const paths = [manifest({ takes_url: false, file_unless: ["DB_HOST", "DB_ENGINE"] })];
  expect(foretell(paths)).toBe(false);
  expect(foretell(paths, { environment: { DB_HOST: "" } })).toBe(true);
  expect(hasFileDatabase({ file_unless: [] }, {})).toBe(true);
  expect(hasFileDatabase({}, {})).toBe(false);
});
