import { expect, test } from "vitest";
import { DjinitError } from "../../../../src/base/errors.ts";
import { logError, openLog } from "../../../../src/logs/write/own-log.ts";

function open() {
  const lines: string[] = [];
  const log = openLog({ write: (text) => void lines.push(text) });
  return { log, records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test("a record has time, level, service, pid, its fields and its message", () => {
  const { log, records } = open();
  log.warn({ target: "nginx" }, "hello");
  expect(records()).toEqual([
    {
      time: expect.any(String),
      level: "warn",
      service: "djinit",
      pid: process.pid,
      msg: "hello",
      target: "nginx",
    },
  ]);
  expect(records()[0]?.["time"]).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/);
});

test("another service may be named; debug is left out", () => {
  const { log, records } = open();
  log.debug({}, "no");
  log.info({ service: "migrate" }, "yes");
  expect(records()).toMatchObject([{ service: "migrate", level: "info", msg: "yes" }]);
});

test("an error has its code, hint and exit status; one that ends nothing has no status", () => {
  const { log, records } = open();
  logError(log, new DjinitError("DJINIT_PORT_TAKEN", "cannot listen", { cause: new Error("in use") }));
  logError(log, new DjinitError("DJINIT_RELOAD_REFUSED", "cannot reload app"));
  expect(records()[0]).toMatchObject({ code: "DJINIT_PORT_TAKEN", exit_status: 78, cause: "in use" });
  expect(records()[1]).toMatchObject({ code: "DJINIT_RELOAD_REFUSED", hint: expect.any(String) });
  expect(records()[1]).not.toHaveProperty("exit_status");
});
