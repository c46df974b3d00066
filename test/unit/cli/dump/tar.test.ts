import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { archive } from "../../../../src/cli/dump/tar.ts";

test("each part is a header with a checksum, and its text in blocks", () => {
  const text = "ä".repeat(300);
  const data = gunzipSync(
    archive(
      "folder",
      [
        { name: "one.txt", text },
        { name: "none.txt", text: "" },
      ],
      new Date(1_000_000),
    ),
  );
  const field = (at: number, length: number) =>
    data.toString("latin1", at, at + length).replace(/\0.*$/s, "");
  expect([field(0, 100), field(124, 12), field(136, 12), field(257, 6)]).toEqual([
    "folder/one.txt",
    "00000001130",
    "00000001750",
    "ustar",
  ]);
  expect(data.toString("utf8", 512, 512 + 600)).toBe(text);
  const header = data.subarray(0, 512);
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  expect(Number.parseInt(field(148, 8), 8)).toBe(sum);
  // Two blocks of 600 bytes, the second part's header, and two empty ones at the end.
  expect(field(3 * 512, 100)).toBe("folder/none.txt");
  expect(data.length).toBe(6 * 512);
});
