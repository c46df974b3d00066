import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SRC = join(ROOT, "src");
const LONGEST_FILE_LINES = 250;

/** What each room of src/ may import from besides itself: `base` < `platform`, `config` < `plan` < … */
const MAY_IMPORT: Record<string, string[]> = {
  base: [],
  platform: ["base"],
  config: ["base"],
  plan: ["base", "config"],
  logs: ["base", "platform", "config", "plan"],
  metrics: ["base", "platform", "config", "plan"],
  boot: ["base", "platform", "config", "plan", "logs", "metrics"],
  supervise: ["base", "platform", "config", "plan", "logs", "metrics"],
  admin: ["base", "platform", "config", "plan", "logs", "metrics", "supervise"],
};
const ROOMS = Object.keys(MAY_IMPORT);

interface SourceFile {
  /** Under src/. */
  name: string;
  room: string;
  text: string;
}

const FILES: SourceFile[] = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, room: dirname(name), text: readFileSync(join(SRC, name), "utf8") }));

/** The rooms a file imports from, `import()` and `import type` included. */
function importedRooms({ name, text }: SourceFile): string[] {
  const found = text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return [...found].map(([, path = ""]) => dirname(relative(SRC, join(SRC, dirname(name), path))));
}

describe("src/", () => {
  test("has the rooms of the design, and main.ts alone beside them", () => {
    const unknown = FILES.filter(({ room, name }) => !ROOMS.includes(room) && name !== "main.ts");
    expect(unknown.map(({ name }) => name)).toEqual([]);
  });

  test.each(FILES.filter(({ name }) => name !== "main.ts"))(
    "$name imports from where its room may",
    (file) => {
      const allowed = [file.room, ...(MAY_IMPORT[file.room] ?? [])];
      expect(importedRooms(file).filter((room) => !allowed.includes(room))).toEqual([]);
    },
  );

  test("only platform/libc.ts knows node:ffi", () => {
    expect(FILES.filter(({ text }) => /["']node:ffi["']/.test(text)).map(({ name }) => name)).toEqual([
      "platform/libc.ts",
    ]);
  });

  test(`no file is longer than ${LONGEST_FILE_LINES} lines, or called manager, helper or utils`, () => {
    const long = FILES.filter(({ text }) => text.split("\n").length - 1 > LONGEST_FILE_LINES);
    expect(long.map(({ name }) => name)).toEqual([]);
    expect(FILES.map(({ name }) => name).filter((name) => /manager|helper|util/i.test(name))).toEqual([]);
    expect(FILES.map(({ name }) => name).filter((name) => !/^([a-z]+\/)?[a-z0-9-]+\.ts$/.test(name))).toEqual(
      [],
    );
  });
});

// A tree of the same rooms in which each imports from each: the linter must refuse what the design forbids, and no more.
describe("the linter enforces the directions of imports", () => {
  const tree = mkdtempSync(join(tmpdir(), "djinit-rooms-"));
  const refused = new Set<string>();
  const PAIRS = ROOMS.flatMap((from) => ROOMS.filter((to) => to !== from).map((to) => ({ from, to })));
  const FORMS = {
    value: (to: string) => `import { thing } from "../${to}/thing.ts";\n\nexport const it = thing;\n`,
    type: (to: string) => `import type { Thing } from "../${to}/thing.ts";\n\nexport type It = Thing;\n`,
  };

  beforeAll(async () => {
    cpSync(join(ROOT, "biome.json"), join(tree, "biome.json"));
    for (const { from, to } of PAIRS) {
      mkdirSync(join(tree, "src", from), { recursive: true });
      for (const [form, textOf] of Object.entries(FORMS))
        writeFileSync(join(tree, "src", from, `${to}-${form}.ts`), textOf(to));
    }
    const biome = join(ROOT, "node_modules/.bin/biome");
    const words = [
      "lint",
      "--reporter=github",
      "--max-diagnostics=none",
      "--only=style/noRestrictedImports",
      "src",
    ];
    // Ends with status 1, since there is much to refuse.
    const { stdout } = await promisify(execFile)(biome, words, { cwd: tree, encoding: "utf8" }).catch(
      (failure: { stdout: string }) => failure,
    );
    for (const [, file = ""] of stdout.matchAll(/noRestrictedImports.*?file=([^,]+)/g)) refused.add(file);
  }, 60_000);
  afterAll(() => rmSync(tree, { recursive: true, force: true }));

  test.each(PAIRS)("$from → $to", ({ from, to }) => {
    const forbidden = !MAY_IMPORT[from]?.includes(to);
    for (const form of Object.keys(FORMS)) {
      expect([...refused].some((file) => file.endsWith(`src/${from}/${to}-${form}.ts`))).toBe(forbidden);
    }
  });
});
