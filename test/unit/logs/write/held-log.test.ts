import { expect, test } from "vitest";
import { holdLog } from "../../../../src/logs/write/held-log.ts";

test("records from before the log is open come first, in their order, and once", () => {
  const written: unknown[] = [];
  const at =
    (level: string) =>
    (fields: Record<string, unknown>, msg: string): void =>
      void written.push([level, fields, msg]);
  const log = holdLog();
  log.warn({ variable: "OVEN" }, "no such variable");
  log.error({}, "cannot start");
  expect(written).toEqual([]);
  log.openAs({ debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") });
  log.info({ step: "migrate" }, "later");
  expect(written).toEqual([
    ["warn", { variable: "OVEN" }, "no such variable"],
    ["error", {}, "cannot start"],
    ["info", { step: "migrate" }, "later"],
  ]);
});
