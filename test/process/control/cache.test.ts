// `djinit cache clear` in a directory that nginx's user may fill as it likes.
import {
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cache } from "../../../src/control/answers/cache.ts";
import type { AdminContext } from "../../../src/control/context.ts";
import type { Done } from "../../../src/control/protocol.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const directory = temporaryDirectory();
const NAME = "0123456789abcdef0123456789abcdef";
const KEPT = "an answer that is kept";
const CLEARED = `${"\0".repeat(8)}${KEPT.slice(8)}`;

/** What `run` has below nginx/cache, from its paths there. */
function made(name: string, ...paths: string[]) {
  const run = join(directory.path, name);
  const at = (path: string): string => join(run, "nginx/cache", path);
  mkdirSync(at("ab"), { recursive: true });
  for (const path of paths) writeFileSync(at(path), KEPT);
  return { run, at, text: (path: string) => readFileSync(at(path), "latin1") };
}

function clear(run: string): Promise<Done> {
  const context = { log: { info: () => {} }, supervisor: { plan: { run } } };
  return cache({ verb: "cache" }, context as unknown as AdminContext);
}

test("what nginx keeps is forgotten, also what it is making, and nothing else", async () => {
  const temporary = `${NAME}.0000000012`;
  const { run, at, text } = made("kept", `ab/${NAME}`, `ab/${temporary}`, "ab/other", NAME);
  mkdirSync(at("other"));
  writeFileSync(at(`other/${NAME}`), KEPT);
  expect(await clear(run)).toEqual({ ok: true, done: "cleared: 2 answers" });
  expect([text(`ab/${NAME}`), text(`ab/${temporary}`)]).toEqual([CLEARED, CLEARED]);
  expect([text("ab/other"), text(NAME), text(`other/${NAME}`)]).toEqual([KEPT, KEPT, KEPT]);
});

test("no link is followed: in the place of the cache, of a part or of a file; nor a second name", async () => {
  const victim = made("victim", `ab/${NAME}`, "only-name");
  const { run, at } = made("linked");
  symlinkSync(victim.at("ab"), at("cd"));
  symlinkSync(victim.at("only-name"), at(`ab/${NAME}`));
  linkSync(victim.at(`ab/${NAME}`), at(`ab/${NAME.replace("0", "1")}`));
  expect(await clear(run)).toEqual({ ok: true, done: "cleared: 0 answers" });
  renameSync(at(""), `${run}/away`);
  symlinkSync(victim.at(""), join(run, "nginx/cache"));
  await expect(clear(run)).rejects.toThrow(/^cannot clear the cache: .*\/nginx\/cache is no directory$/);
  expect([victim.text(`ab/${NAME}`), victim.text("only-name")]).toEqual([KEPT, KEPT]);
});

test.runIf(process.getuid?.() === 0)("a file of another user's stays as it is", async () => {
  const { run, at, text } = made("foreign", `ab/${NAME}`);
  chownSync(at(`ab/${NAME}`), 1, 1);
  expect(await clear(run)).toEqual({ ok: true, done: "cleared: 0 answers" });
  expect(text(`ab/${NAME}`)).toBe(KEPT);
});

test("where nginx keeps none, it says so", async () => {
  const run = join(directory.path, "none");
  await expect(clear(run)).rejects.toThrow("nginx keeps none; DJINIT_CACHE switches it on");
});

test("other things are done between every 1,000 files", async () => {
  const names = Array.from({ length: 3_500 }, (_, at) => `ab/${at.toString(16).padStart(32, "0")}`);
  const { run } = made("many", ...names);
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  expect(await clear(run)).toEqual({ ok: true, done: "cleared: 3500 answers" });
  isOver = true;
  expect(turns).toBeGreaterThanOrEqual(4);
});
