import { expect, test } from "vitest";
import { parseRecords } from "../../support/records.ts";

test("reads one record a line", () => {
  const records = parseRecords('{"msg":"a"}\n{"msg":"b"}\n');
  expect(records.map(({ msg }) => msg)).toEqual(["a", "b"]);
});

test("has none when nothing was written", () => {
  expect(parseRecords("")).toEqual([]);
});

test.each([
  ['{"msg":"a"}\nbad\n', /^cannot parse line 2 of stdout/],
  ['{"msg":"a"}\n\n{"msg":"b"}', /^cannot parse line 2 of stdout/],
  ["[1]", /^cannot use line 1 of stdout: it is no JSON object/],
  ["3", /^cannot use line 1 of stdout: it is no JSON object/],
])("names the line of %j that is no record", (stdout, message) => {
  expect(() => parseRecords(stdout)).toThrow(message);
});
