// What python/boot/djinit_setup.py may report, one schema a kind.
import * as v from "valibot";
import type { StepName } from "../../plan/plan.ts";
import { HOOK_POINTS } from "../hooks/find-hooks.ts";
import { FACTS, VALUES } from "../schema/manifest.ts";
import { SITE_FACTS } from "../schema/site.ts";

const STEP_NAMES = [
  "wait-for-database",
  "migrate",
  "wait-for-migrations",
  "check-migrations",
  "collectstatic",
  "superuser",
  "manifest",
  "list-migrations",
  "read-settings",
] as const satisfies readonly StepName[];

/** Causes of a failure outside of the failing code, from djinit_blame.py. */
const BLAMES = [
  "forbidden",
  "login",
  "unavailable",
  "unusable",
  "history",
  "settings",
  "limit",
  "lock",
] as const;

const text = v.string();
const seconds = v.number();
const step = v.picklist(STEP_NAMES);
const kind = v.nullish(v.picklist(BLAMES));
const error = v.object({ type: text, message: text, stack: text });

/** What the settings say of a database. */
const DATABASE = v.variant("kind", [
  /** With the password; and the variables whose values are in it. */
  v.object({ kind: v.literal("postgres"), url: text, variables: v.array(text) }),
  /** No other container has it. */
  v.object({ kind: v.literal("file") }),
  v.object({ kind: v.literal("none") }),
  /** Only Django can tell how to connect. */
  v.object({ kind: v.literal("other"), reason: text }),
]);

function event<const Name extends string, Entries extends v.ObjectEntries>(name: Name, entries: Entries) {
  return v.object({ event: v.literal(name), ...entries });
}

const EVENT = v.variant("event", [
  event("program-started", {}),
  event("django-started", {}),
  event("site", { facts: SITE_FACTS }),
  event("finished", {}),
  event("step-started", { step }),
  event("step-finished", { step }),
  event("step-failed", {
    step,
    kind,
    message: v.nullish(text),
    pending: v.optional(v.array(text)),
    /** What names the database, where that is to blame. */
    variable: v.optional(text),
    error: v.optional(error),
  }),
  event("settings-failed", { kind, error }),
  event("waiting", { cause: text, database: text }),
  event("nothing-pending", {}),
  event("no-database", {}),
  event("lock-waited-for", {}),
  event("lock-missing", {}),
  event("lock-timeout", { cause: text, seconds }),
  event("migrations-waited-for", { pending: v.array(text) }),
  event("manifest", { facts: FACTS }),
  event("manifest-failed", { error }),
  event("settings", { values: VALUES, database: DATABASE, databases: v.record(text, DATABASE) }),
  event("migrations", {
    database: text,
    known: FACTS.entries.migrations,
    recorded: v.array(v.object({ app: text, name: text })),
    contradiction: v.nullable(text),
  }),
  event("migrations-pending", { count: v.number() }),
  /** The program waits until they have run. */
  event("hooks", { point: v.picklist(HOOK_POINTS) }),
  event("migrating", { migration: text }),
  event("migrated", { migration: text, seconds, fake: v.boolean() }),
  event("superuser-exists", { username: text }),
  event("superuser-created", { username: text }),
]);

export type SetupEvent = v.InferOutput<typeof EVENT>;
/** With how long the step took, which djinit measures itself: the first one includes the start of Python. */
export type TimedEvent =
  | Exclude<SetupEvent, { event: "step-finished" }>
  | (Extract<SetupEvent, { event: "step-finished" }> & { seconds: number });
export type Blame = (typeof BLAMES)[number];
export type PythonError = v.InferOutput<typeof error>;

/** Errors: throws, with the reason, if this is no event. */
export function parseEvent(json: string): SetupEvent {
  const parsed = v.safeParse(EVENT, JSON.parse(json));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  throw new Error(path === null ? issue.message : `${path}: ${issue.message}`);
}
