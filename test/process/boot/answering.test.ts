import { stat } from "node:fs/promises";
import { expect, test } from "vitest";
import { untilTheyAnswer } from "../../../src/boot/files/answering.ts";
import { openSink } from "../../../src/logs/write/open-sink.ts";
import { openLog } from "../../../src/logs/write/own-log.ts";
import { eventually } from "../../support/eventually.ts";
import { realPipe } from "../../support/real-pipe.ts";

function subject() {
  const pipe = realPipe();
  pipe.read();
  const stop = new AbortController();
  return { pipe, stop, context: { log: openLog(openSink(pipe.writeFd)), signal: stop.signal } };
}

test("what answers, or is not there, is waited for without a word", async () => {
  const { context } = subject();
  const asked: string[] = [];
  await untilTheyAnswer(["/usr", undefined, "/no/such", null, "/usr"], context, (path) => {
    asked.push(path);
    return stat(path);
  });
  expect(asked).toEqual(["/usr", "/no/such"]);
});

test("a file system that does not answer is named, and waited for", async () => {
  const { context, pipe } = subject();
  const { promise, resolve } = Promise.withResolvers<void>();
  let isOver = false;
  const waiting = untilTheyAnswer(["/mnt/a"], context, () => promise).then(() => {
    isOver = true;
  });
  await eventually(() => pipe.text().includes("the file system of /mnt/a does not answer"), {
    what: "a warning",
  });
  expect(isOver).toBe(false);
  resolve();
  await waiting;
  await eventually(() => pipe.text().includes("the file system of /mnt/a answers"), {
    what: "the end of it",
  });
});

test("a stop ends the wait", async () => {
  const { context, pipe, stop } = subject();
  const waiting = untilTheyAnswer(["/mnt/a"], context, () => new Promise(() => {}));
  const ended = expect(waiting).rejects.toThrow("SIGTERM");
  await eventually(() => pipe.text().includes("does not answer"), { what: "a warning" });
  stop.abort(new Error("SIGTERM"));
  await ended;
});

test("so does one that has come before it was known that there is no answer", async () => {
  const { context, stop } = subject();
  const waiting = untilTheyAnswer(["/mnt/a"], context, () => new Promise(() => {}));
  stop.abort(new Error("SIGTERM"));
  await expect(waiting).rejects.toThrow("SIGTERM");
});
