import { expect, test } from "vitest";
import type { DjinitError } from "../../../../src/base/errors.ts";
import { UNOBSERVED } from "../../../../src/boot/facts.ts";
import { waitForPostgres } from "../../../../src/boot/postgres/wait.ts";

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const { signal } = new AbortController();
/** Nobody listens there. */
const url = "postgres://u:word@127.0.0.1:1/cakes";

test.each([
  ["DATABASE_URL", "cannot reach database 127.0.0.1:1/cakes within 0 s"],
  [
    "MIGRATIONS_DATABASE_URL",
    "cannot reach database 127.0.0.1:1/cakes of MIGRATIONS_DATABASE_URL within 0 s",
  ],
])("%s is what is named when it is the one that is wrong", async (variable, message) => {
  const waited = waitForPostgres({ url, variable, timeoutMs: 0, log, observer: UNOBSERVED, signal });
  const error = (await waited.catch((thrown: unknown) => thrown)) as DjinitError;
  expect(error).toMatchObject({ code: "DJINIT_DATABASE_UNAVAILABLE", fields: { variable } });
  expect(error.message).toContain(message);
});
