import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { precompress } from "../../../src/boot/precompressed/precompress.ts";
import { findStale, isPrecompressed } from "../../../src/boot/precompressed/stale.ts";

const TEXT = "body { color: rebeccapurple; }\n".repeat(200);
const LATER = new Date("2026-02-03T04:05:06Z");

let root: string;
beforeEach(() => {
  const made = mkdtempSync(join(tmpdir(), "precompress-"));
  root = made;
  onTestFinished(() => rmSync(made, { recursive: true }));
});

function write(name: string, content: string | Buffer, time?: Date): string {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  if (time !== undefined) utimesSync(path, time, time);
  return path;
}

const run = (compresses = true, skips: string[] = []) =>
  precompress({ root, skips, compresses, processors: 2 });

test("what shrinks is there twice more, with its own time and mode, and the directory is marked", async () => {
  const path = write("css/site.css", TEXT, LATER);
  expect(await run()).toMatchObject({ files: 1, written: 2, kept: 0, removed: 0, bytes: TEXT.length });
  expect(gunzipSync(readFileSync(`${path}.gz`)).toString()).toBe(TEXT);
  expect(brotliDecompressSync(readFileSync(`${path}.br`)).toString()).toBe(TEXT);
  for (const sibling of [`${path}.gz`, `${path}.br`])
    expect([statSync(sibling).mtime, statSync(sibling).mode]).toEqual([LATER, statSync(path).mode]);
  expect([isPrecompressed(root), findStale(root)]).toEqual([true, undefined]);
});

test.each([
  ["small.css", TEXT.slice(0, 1_023)],
  ["picture.png", TEXT],
  ["font.woff2", TEXT],
  ["random.bin", Buffer.from(crypto.getRandomValues(new Uint8Array(4_096)))],
  ["staticfiles.json", TEXT],
  ["CACHE/manifest.json", TEXT],
  [".env", TEXT],
  [".git/config.txt", TEXT],
  ["app.js~", TEXT],
  ["app.js.bak", TEXT],
  ["uploads/page.html", TEXT],
])("%s stays alone", async (name, content) => {
  const path = write(name, content);
  expect(await run(true, ["uploads"])).toMatchObject({ written: 0, removed: 0 });
  expect([existsSync(`${path}.gz`), existsSync(`${path}.br`)]).toEqual([false, false]);
});

test("a sibling of somebody else's that has the right content is kept, and gets the file's time", async () => {
  const path = write("site.css", TEXT, LATER);
  const theirs = gzipSync(TEXT, { level: 1 });
  write("site.css.gz", theirs);
  expect(await run()).toMatchObject({ written: 1, kept: 1 });
  expect(readFileSync(`${path}.gz`).equals(theirs)).toBe(true);
  expect(statSync(`${path}.gz`).mtime).toEqual(LATER);
});

test.each<[string, Buffer]>([
  ["of another content", gzipSync(TEXT.toUpperCase())],
  ["of a longer content that begins alike", gzipSync(`${TEXT}more`)],
  ["that is none", Buffer.from("not compressed")],
  ["that is larger than its file", Buffer.alloc(TEXT.length + 1)],
])("a sibling %s is written anew, whatever its time", async (_what, content) => {
  const path = write("site.css", TEXT, LATER);
  write("site.css.gz", content, LATER);
  await run();
  expect(gunzipSync(readFileSync(`${path}.gz`)).toString()).toBe(TEXT);
});

test("a second run changes nothing", async () => {
  write("site.css", TEXT);
  await run();
  expect(await run()).toMatchObject({ written: 0, kept: 2, removed: 0 });
});

test("an archive without the file beside it is a download like any other", async () => {
  const path = write("data.csv.gz", gzipSync(TEXT));
  expect(await run()).toMatchObject({ written: 0, kept: 0, removed: 0 });
  expect(existsSync(path)).toBe(true);
});

test("a changed file is seen; `--clean` removes what is of the old one, and nothing else", async () => {
  const [changed, again, same] = ["changed.css", "again.css", "same.css"].map((name) =>
    write(name, TEXT, LATER),
  );
  await run();
  const now = new Date("2026-03-04T05:06:07Z");
  write("changed.css", TEXT.toUpperCase(), now);
  write("again.css", TEXT, now);
  write("new.css", TEXT, now);
  expect(findStale(root)).toMatch(/\/(changed|again)\.css\.(gz|br)$/);
  expect(await run(false)).toMatchObject({ written: 0, kept: 4, removed: 2 });
  expect(existsSync(`${changed}.gz`) || existsSync(`${changed}.br`)).toBe(false);
  expect(statSync(`${again}.br`).mtime).toEqual(now);
  expect(statSync(`${same}.br`).mtime).toEqual(LATER);
  expect(existsSync(join(root, "new.css.gz"))).toBe(false);
  expect(findStale(root)).toBeUndefined();
});

test("links are not followed: neither a file's, nor a directory's, nor one in a sibling's place", async () => {
  const outside = mkdtempSync(join(tmpdir(), "outside-"));
  onTestFinished(() => rmSync(outside, { recursive: true }));
  writeFileSync(join(outside, "theirs.css"), TEXT);
  const path = write("site.css", TEXT);
  symlinkSync(join(outside, "theirs.css"), join(root, "linked.css"));
  symlinkSync(outside, join(root, "directory"));
  symlinkSync(join(outside, "theirs.css"), `${path}.gz`);
  expect(await run()).toMatchObject({ links: 3 });
  expect(readFileSync(join(outside, "theirs.css"), "utf8")).toBe(TEXT);
  expect(existsSync(join(outside, "theirs.css.gz")) || existsSync(join(root, "linked.css.gz"))).toBe(false);
  expect(lstatSync(`${path}.gz`).isFile()).toBe(true);
  expect(gunzipSync(readFileSync(`${path}.gz`)).toString()).toBe(TEXT);
});

test("what is out of date behind a link to a directory is seen, and a loop of links ends", async () => {
  const outside = mkdtempSync(join(tmpdir(), "outside-"));
  onTestFinished(() => rmSync(outside, { recursive: true }));
  for (const [name, time] of [
    ["a.css", LATER],
    ["a.css.gz", new Date(0)],
  ] as const) {
    writeFileSync(join(outside, name), TEXT);
    utimesSync(join(outside, name), time, time);
  }
  symlinkSync(root, join(root, "loop"));
  expect(findStale(root)).toBeUndefined();
  symlinkSync(outside, join(root, "theirs"));
  expect(findStale(root)).toBe(join(root, "theirs/a.css.gz"));
  expect(findStale(root, ["theirs"])).toBeUndefined();
});
