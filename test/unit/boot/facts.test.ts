// Here with what Django reports. test/container/metrics-boot.test.ts has the rest, with a real database.
import { describe, expect, test } from "vitest";
import type { TimedEvent } from "../../../src/boot/django/event-schemas.ts";
import { observeEvent } from "../../../src/boot/django/events.ts";
import { gatherFacts } from "../../../src/boot/facts.ts";
import { collectBoot } from "../../../src/metrics/boot.ts";
import { printed } from "../../support/printed-metrics.ts";

const FINISHED: TimedEvent = { event: "step-finished", step: "migrate", seconds: 0.4 };

/** What is known once the boot has taken these events. */
function taken(...events: TimedEvent[]) {
  const observer = gatherFacts();
  for (const event of events) observeEvent(event, observer);
  return observer.facts;
}

describe("what Django reports", () => {
  test("is counted where it is a fact: steps that are finished, migrations that are applied", async () => {
    const facts = taken(
      { event: "step-started", step: "migrate" },
      { event: "migrating", migration: "app.0001" },
      { event: "migrated", migration: "app.0001", seconds: 0.1, fake: false },
      { event: "migrated", migration: "app.0002", seconds: 0.2, fake: false },
      FINISHED,
      { event: "step-finished", step: "collectstatic", seconds: 2 },
    );
    expect(await printed(collectBoot(facts))).toEqual(
      new Map([
        ['djinit_boot_step_seconds{step="migrate"}', 0.4],
        ['djinit_boot_step_seconds{step="collectstatic"}', 2],
        ['djinit_migrations{state="applied"}', 2],
        ['djinit_migrations{state="pending"}', 0],
      ]),
    );
  });

  test("is no fact where it is about something else", () => {
    const facts = taken(
      { event: "waiting", cause: "connection refused", database: "db/cakes" },
      { event: "lock-timeout", cause: "lock", seconds: 3 },
      { event: "superuser-exists", username: "cook" },
      { event: "step-started", step: "migrate" },
    );
    expect(facts).toEqual({ stepSeconds: {} });
  });

  test("where nothing was pending, nothing was applied", () => {
    expect(taken({ event: "nothing-pending" }, FINISHED).migrations).toEqual({ applied: 0, pending: 0 });
  });

  test("where migrations were skipped, or nothing was said at all, there is no figure", () => {
    const facts = taken({ event: "step-finished", step: "collectstatic", seconds: 1 });
    expect(facts).toEqual({ stepSeconds: { collectstatic: 1 } });
    expect(collectBoot(undefined)).toEqual([]);
  });
});

test("a schema that one query has found up to date is a fact, too; a later one adds to it", () => {
  const observer = gatherFacts();
  observer.onMigrated(0);
  observer.onStep({ step: "wait-for-database", seconds: 0.25 });
  expect(observer.facts).toEqual({
    stepSeconds: { "wait-for-database": 0.25 },
    migrations: { applied: 0, pending: 0 },
  });
});

test("what the settings say of the site is what was said last", () => {
  const observer = gatherFacts();
  expect(observer.site).toBeUndefined();
  const files = { url: "/static/", root: null, in_files: true };
  const facts = {
    script_name: "",
    static: { ...files, collected: true, by_application: false },
    media: files,
    https: { only: false, header: null },
    hosts: [],
  };
  observeEvent({ event: "site", facts }, observer);
  observeEvent({ event: "site", facts: { ...facts, script_name: "/shop" } }, observer);
  expect(observer.site?.script_name).toBe("/shop");
});
