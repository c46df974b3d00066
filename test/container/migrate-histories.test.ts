// What is pending is the same whether djinit compares the manifest with the database or Django is asked.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { createDatabase, type Database } from "../support/postgres.ts";
import { type Failure, failsWith } from "./failure.ts";
import { buildProject } from "./project-image.ts";
import { startProject } from "./project-subject.ts";
import { startedDjango } from "./release-subject.ts";

const INCONSISTENT: Failure = { status: 80, code: "DJINIT_HISTORY_INCONSISTENT" };
const BEHIND: Failure = { status: 83, code: "DJINIT_SCHEMA_BEHIND" };
type Way = "with a manifest" | "without";
const WAYS = ["with a manifest", "without"] as const;
/** What hides the image's manifest. */
const HIDDEN = { "with a manifest": [], without: ["/var/lib/djinit"] };

let image: string;
let idle: Record<Way, Container>;
beforeAll(async () => {
  image = await buildProject({ fixture: "histories", settings: "histories.settings" });
  const start = (way: Way) => startProject({ image, command: ["sleep", "3600"], tmpfs: HIDDEN[way] });
  idle = { "with a manifest": await start("with a manifest"), without: await start("without") };
});
afterAll(() => Promise.all(WAYS.map((way) => idle[way].rm())));

async function databaseWith(rows: string): Promise<Database> {
  const database = await createDatabase();
  if (rows === "") return database;
  await database.query(
    "create table django_migrations (id bigserial primary key, app varchar(255), name varchar(255), applied timestamptz)",
  );
  for (const row of rows.split(" "))
    await database.query(
      "insert into django_migrations (app, name, applied) values ($1, $2, now())",
      row.split("."),
    );
  return database;
}

interface Answer {
  status: number;
  lists: { pending: string[]; unknown: string[] };
  said: string;
}

async function ask({ url }: Database, way: Way): Promise<Answer> {
  const ran = await idle[way].exec(["env", `DATABASE_URL=${url}`, "djinit", "migrations", "--json"]);
  const { pending, unknown } = JSON.parse(ran.stdout) as Answer["lists"];
  return { status: ran.exitCode ?? -1, lists: { pending, unknown }, said: ran.stderr };
}

const ALL =
  "bakery.0001_flour bakery.0002_sugar bakery.0003_eggs bakery.0002_squashed bakery.0004_oven bakery.0005_icing";
const SHOP = "shop.0001_till shop.0002_door";
const without = (...gone: string[]) =>
  `${ALL} ${SHOP}`
    .split(" ")
    .filter((row) => !gone.includes(row.split(".")[1]?.slice(0, 6) ?? ""))
    .join(" ");

const HISTORIES: {
  title: string;
  rows: string;
  pending: string[];
  unknown?: string[];
  contradicts?: boolean;
}[] = [
  {
    title: "empty",
    rows: "",
    pending: [
      "bakery.0001_flour",
      "bakery.0002_squashed",
      "bakery.0004_oven",
      "bakery.0005_icing",
      "shop.0001_till",
      "shop.0002_door",
    ],
  },
  { title: "complete", rows: without(), pending: [] },
  { title: "the newest is missing", rows: without("0005_i"), pending: ["bakery.0005_icing"] },
  { title: "a hole", rows: without("0004_o"), pending: ["bakery.0004_oven"], contradicts: true },
  {
    title: "a hole at another app's root",
    rows: SHOP,
    contradicts: true,
    pending: ["bakery.0001_flour", "bakery.0002_squashed", "bakery.0004_oven", "bakery.0005_icing"],
  },
  {
    title: "inserted below an applied one",
    rows: without("0001_t"),
    pending: ["shop.0001_till"],
    contradicts: true,
  },
  {
    title: "squashed, unrecorded",
    rows: without("0002_s").replace("bakery.0003", "bakery.0002_sugar bakery.0003"),
    pending: ["bakery.0002_squashed"],
  },
  {
    title: "squashed, partly applied",
    rows: "bakery.0001_flour bakery.0002_sugar",
    pending: [
      "bakery.0003_eggs",
      "bakery.0004_oven",
      "bakery.0005_icing",
      "shop.0001_till",
      "shop.0002_door",
    ],
  },
  {
    title: "squashed, partly applied, with a hole",
    rows: "bakery.0001_flour bakery.0002_sugar bakery.0004_oven",
    pending: ["bakery.0003_eggs", "bakery.0005_icing", "shop.0001_till", "shop.0002_door"],
    contradicts: true,
  },
  {
    title: "the squashed one alone",
    rows: `bakery.0001_flour bakery.0002_squashed bakery.0004_oven bakery.0005_icing ${SHOP}`,
    pending: [],
  },
  {
    title: "a label that was changed",
    rows: `${ALL} store.0001_till store.0002_door`,
    pending: ["shop.0001_till", "shop.0002_door"],
    unknown: ["store.0001_till", "store.0002_door"],
  },
  {
    title: "newer than the image",
    rows: `${without()} bakery.0006_cream`,
    pending: [],
    unknown: ["bakery.0006_cream"],
  },
];

test.each(HISTORIES)(
  "`djinit migrations` and DJINIT_MIGRATIONS=check say the same on both ways; $title",
  async ({ rows, pending, unknown = [], contradicts = false }) => {
    const database = await databaseWith(rows);
    for (const way of WAYS) {
      const { status, lists, said } = await ask(database, way);
      expect({ ...lists, pending: lists.pending.sort() }).toEqual({ pending, unknown });
      expect(status).toBe(contradicts ? 80 : 0);
      expect(/is applied before its dependency/.test(said)).toBe(contradicts);
    }
    await Promise.all(WAYS.map((way) => checkSays(database, way, pending, contradicts)));
  },
);

async function checkSays(
  { url }: Database,
  way: Way,
  pending: string[],
  contradicts: boolean,
): Promise<void> {
  const env = { DATABASE_URL: url, DJINIT_MIGRATIONS: "check" };
  await using container = await startProject({ image, command: ["release"], env, tmpfs: HIDDEN[way] });
  if (contradicts) {
    const error = await failsWith(container, INCONSISTENT);
    expect(error.msg).toMatch(/Migration \S+ is applied before its dependency \S+ on database 'default'/);
  } else if (pending.length > 0) {
    expect((await failsWith(container, BEHIND))["pending"]).toEqual(pending);
  } else {
    expect(await container.wait(), await container.logs()).toBe(0);
    // Where the manifest shows that all is well nobody needs Django.
    expect(startedDjango(await container.records())).toBe(way === "without");
  }
}

test.each(WAYS)("a hole is refused in every mode, in Django's own words, and at once; %s", async (way) => {
  const database = await databaseWith(without("0004_o"));
  const env = { DATABASE_URL: database.url };
  const modes = [
    { command: ["release"], env },
    { command: ["cake_service.wsgi:application"], env },
    { command: ["release"], env: { ...env, DJINIT_MIGRATIONS: "wait" } },
    { command: ["release"], env: { ...env, DJINIT_MIGRATE_ALWAYS: "1" } },
  ];
  await Promise.all(
    modes.map(async (mode) => {
      await using container = await startProject({ image, ...mode, tmpfs: HIDDEN[way] });
      expect((await failsWith(container, INCONSISTENT)).msg).toContain(
        "Migration bakery.0005_icing is applied before its dependency bakery.0004_oven on database 'default'",
      );
    }),
  );
  // Nothing of it was changed.
  expect(await database.query("select 1 from django_migrations where name = '0004_oven'")).toEqual([]);
});
