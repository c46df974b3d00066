import { expect, test } from "vitest";
import { run } from "../../../tools/engine/command.ts";

test("a command that takes too long is ended with all that it has started", async () => {
  // Its child has its stdout: there is no answer while that lives.
  const ran = await run("sh", ["-c", "sleep 1000 & echo started; wait"], { timeoutMs: 1_000 });
  expect(ran).toMatchObject({ ok: false, timedOut: true, stdout: "started" });
});

test("one that ends in time has not", async () => {
  const ran = await run("sh", ["-c", "echo done"], { timeoutMs: 600_000 });
  expect(ran).toMatchObject({ ok: true, timedOut: false, stdout: "done" });
});
