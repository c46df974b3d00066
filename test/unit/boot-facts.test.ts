import { describe, expect, test } from "vitest";
import { gatherFacts } from "../../src/boot/boot-facts.ts";
import type { OwnLog } from "../../src/logs/own-log.ts";
import { collectBoot } from "../../src/metrics/boot.ts";
import { printed } from "./printed-metrics.ts";

function gathering() {
  const said: string[] = [];
  const write = (_: Record<string, unknown>, msg: string) => void said.push(msg);
  const log: OwnLog = { debug: write, info: write, warn: write, error: write };
  return { ...gatherFacts(log), said };
}

describe("what the boot says", () => {
  test("is passed on, and counted where it is a fact", async () => {
    const { log, facts, said } = gathering();
    log.info({ step: "wait-for-database", database: "db", after_ms: 1_500 }, "a");
    log.info({ service: "migrate", migration: "app.0001", seconds: 0.1 }, "b");
    log.info({ service: "migrate", migration: "app.0002", seconds: 0.2 }, "c");
    log.info({ step: "migrate", seconds: 0.4 }, "d");
    log.warn({ step: "migrate", seconds: 9 }, "e");
    log.error({}, "f");
    expect(said).toEqual(["a", "b", "c", "d", "e", "f"]);
    expect(await printed(collectBoot(facts))).toEqual(
      new Map([
        ['djinit_boot_step_seconds{step="wait-for-database"}', 1.5],
        ['djinit_boot_step_seconds{step="migrate"}', 0.4],
        ['djinit_migrations{state="applied"}', 2],
        ['djinit_migrations{state="pending"}', 0],
      ]),
    );
  });

  test("where nothing was pending, nothing was applied", () => {
    const { log, facts } = gathering();
    log.info({ step: "migrate", applied: 20 }, "no migration is pending");
    expect(facts.migrations).toEqual({ applied: 0, pending: 0 });
  });

  test("where migrations were skipped, or nothing was said at all, there is no figure", () => {
    const { log, facts } = gathering();
    log.info({ step: "collectstatic", seconds: 1 }, "x");
    expect(facts).toEqual({ stepSeconds: { collectstatic: 1 } });
    expect(collectBoot(undefined)).toEqual([]);
  });
});
