import { expect, test } from "vitest";
import { READ_ROOM } from "../../../../src/logs/arena.ts";
import { RecordStream } from "../../../../src/logs/read/record-stream.ts";
import { makePolicy } from "../../../../src/logs/write/policy.ts";
import { MemorySink } from "../../../support/streamed.ts";

test("a fault in what reads the records costs one record, which says so, and the stream goes on", () => {
  const sink = new MemorySink(makePolicy());
  const stream = new RecordStream({
    service: "gunicorn",
    sink,
    onRecord: ({ msg }) => {
      if (msg === "two") throw new RangeError("too deep");
    },
  });
  stream.read(Buffer.from("one\ntwo\nthree\n").copy(READ_ROOM), true);
  stream.end();
  const records = sink
    .text()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  expect(records).toMatchObject([
    { service: "gunicorn", msg: "one" },
    {
      service: "djinit",
      level: "error",
      code: "DJINIT_INTERNAL",
      msg: "a record of gunicorn could not be relayed: RangeError: too deep",
      stack: expect.stringContaining("record-stream"),
    },
    { service: "gunicorn", msg: "three" },
  ]);
});
