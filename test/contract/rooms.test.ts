import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const SRC = fileURLToPath(new URL("../../src", import.meta.url));
const LONGEST_FILE_LINES = 250;
const MOST_FILES_IN_A_ROOM = 20;

/** What each room of src/ may import from besides itself: `base` < `platform`, `config` < `plan` < … */
const MAY_IMPORT: Record<string, string[]> = {
  base: [],
  precompiled: ["base"],
  platform: ["base"],
  config: ["base"],
  vault: ["base", "config"],
  plan: ["base", "config", "vault"],
  logs: ["base", "platform", "config", "plan"],
  metrics: ["base", "platform", "config", "plan"],
  serve: ["base", "platform", "config", "plan", "logs"],
  boot: ["base", "platform", "config", "vault", "plan", "logs", "metrics", "serve"],
  supervise: ["base", "platform", "config", "vault", "plan", "logs", "metrics"],
  control: ["base", "platform", "config", "plan", "logs", "metrics", "serve", "supervise"],
  http: ["base", "platform", "config", "plan", "logs", "metrics", "serve", "supervise", "control"],
  cli: ["base", "platform", "config", "plan", "logs", "metrics", "serve", "boot", "supervise", "control"],
};

/** Rooms inside rooms, in their order: each may import from those before it and from its room's own files. */
const INNER_ROOMS: Record<string, string[]> = {
  platform: ["files", "confinement", "cgroup", "tls"],
  config: ["sources", "requests", "connections", "confinement"],
  plan: ["confinement", "requests", "servers", "words", "processes"],
  logs: ["write", "parse", "access", "read"],
  metrics: ["web"],
  boot: [
    "vault",
    "files",
    "postgres",
    "schema",
    "hooks",
    "django",
    "precompressed",
    "nginx",
    "limits",
    "gunicorn",
    "pod",
    "database",
    "status",
    "verbs",
  ],
  supervise: ["memory", "sockets", "process", "readiness", "reload", "vault", "tls"],
  control: ["answers"],
  cli: ["dump", "verbs"],
};

interface SourceFile {
  /** Under src/, as are the paths of `imports`. */
  name: string;
  room: string;
  text: string;
  imports: string[];
}

const FILES: SourceFile[] = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => {
    const text = readFileSync(join(SRC, name), "utf8");
    return { name, room: dirname(name), text, imports: importsOf(name, text) };
  });

/** The files that a file imports, by `import()` and `import type` too. */
function importsOf(name: string, text: string): string[] {
  const found = text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return [...found].map(([, path = ""]) => relative(SRC, join(SRC, dirname(name), path)));
}

/** All that is loaded with a file: neither types nor what it loads later, by `import()`. */
function loadedWith(name: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(name)) return loaded;
  loaded.add(name);
  const text = FILES.find((file) => file.name === name)?.text ?? "";
  const found = text.matchAll(/^(?:import|export) (?!type\b)[^;()]*"(\.[^"]+)";$/gm);
  for (const [, path = ""] of found) loadedWith(relative(SRC, join(SRC, dirname(name), path)), loaded);
  return loaded;
}

/** `logs/read` is the room `read` inside `logs`. */
function split(room: string): [outer: string, inner: string | undefined] {
  const [outer = "", inner] = room.split("/");
  return [outer, inner];
}

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  const [outer, inner] = split(from);
  const [otherOuter, otherInner] = split(to);
  if (outer !== otherOuter) return MAY_IMPORT[outer]?.includes(otherOuter) ?? false;
  // A room's own files are the ground that its inner rooms stand on, and what puts these together.
  if (inner === undefined || otherInner === undefined) return true;
  const order = INNER_ROOMS[outer] ?? [];
  return order.indexOf(otherInner) < order.indexOf(inner);
}

/** The first cycle of imports, as the files in it. */
function findCycle(): string[] {
  const importsBy = new Map(FILES.map(({ name, imports }) => [name, imports]));
  const done = new Set<string>();
  const walk = (name: string, path: string[]): string[] => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return [];
    for (const next of importsBy.get(name) ?? []) {
      const cycle = walk(next, [...path, name]);
      if (cycle.length > 0) return cycle;
    }
    done.add(name);
    return [];
  };
  for (const { name } of FILES) {
    const cycle = walk(name, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

describe("src/", () => {
  test("has the rooms of the design, and main.ts alone beside them", () => {
    const rooms = Object.keys(MAY_IMPORT).flatMap((room) => [
      room,
      ...(INNER_ROOMS[room] ?? []).map((inner) => `${room}/${inner}`),
    ]);
    const strangers = FILES.filter(({ room, name }) => !rooms.includes(room) && name !== "main.ts");
    expect(strangers.map(({ name }) => name)).toEqual([]);
    expect(
      rooms.filter((room) => !FILES.some((file) => file.room === room || file.room.startsWith(`${room}/`))),
    ).toEqual([]);
  });

  test.each(FILES.filter(({ name }) => name !== "main.ts"))(
    "$name imports from where its room may",
    ({ room, imports }) => {
      expect(imports.filter((path) => !mayImport(room, dirname(path)))).toEqual([]);
    },
  );

  test("no file imports itself by way of others", () => {
    expect(findCycle()).toEqual([]);
  });

  test("the command line loads the boot, with its libraries, only for a verb that needs it", () => {
    const loaded = [...loadedWith("cli/cli.ts")];
    expect(loaded).toContain("config/load.ts");
    expect(loaded.filter((name) => name.startsWith("boot/"))).toEqual([]);
    expect([...loadedWith("boot/verbs.ts")]).toContain("boot/postgres/session.ts");
  });

  test("PID 1 knows the names of the verbs without the table", () => {
    const loaded = [...loadedWith("main.ts")].filter((name) => name.startsWith("cli/"));
    expect(loaded).toEqual(["cli/verb-names.ts"]);
  });

  test("only platform/libc.ts knows node:ffi", () => {
    expect(FILES.filter(({ text }) => /["']node:ffi["']/.test(text)).map(({ name }) => name)).toEqual([
      "platform/libc.ts",
    ]);
  });

  test(`no file is longer than ${LONGEST_FILE_LINES} lines, or called manager, helper or utils`, () => {
    const long = FILES.filter(({ text }) => text.split("\n").length - 1 > LONGEST_FILE_LINES);
    expect(long.map(({ name }) => name)).toEqual([]);
    expect(FILES.map(({ name }) => name).filter((name) => /manager|helper|util/i.test(name))).toEqual([]);
    const odd = FILES.map(({ name }) => name).filter((name) => !/^([a-z]+\/){0,2}[a-z0-9-]+\.ts$/.test(name));
    expect(odd).toEqual([]);
  });

  test(`no room has more than ${MOST_FILES_IN_A_ROOM} files side by side`, () => {
    const counts = new Map<string, number>();
    for (const { room } of FILES) counts.set(room, (counts.get(room) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > MOST_FILES_IN_A_ROOM)).toEqual([]);
  });
});

describe("the rule itself", () => {
  test.each([
    ["base", "plan", false],
    ["plan", "base", true],
    ["boot", "supervise", false],
    ["supervise", "boot", false],
    ["supervise", "logs/write", true],
    ["logs/write", "supervise", false],
    ["logs/read", "logs/parse", true],
    ["logs/parse", "logs/read", false],
    ["logs/write", "logs", true],
    ["control", "cli", false],
    ["cli/verbs", "control", true],
    ["http", "cli", false],
    ["cli", "boot", true],
    ["control", "boot", false],
    ["boot", "cli", false],
  ])("%s → %s: %s", (from, to, allowed) => {
    expect(mayImport(from, to)).toBe(allowed);
  });
});
