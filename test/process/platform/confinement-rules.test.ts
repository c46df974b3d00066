import {
  chmodSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Confinement } from "../../../src/base/confinement.ts";
import { haveMoved, PlacesLook } from "../../../src/platform/confinement/places.ts";
import { confinementWords, withoutServed } from "../../../src/platform/confinement/rules.ts";
import { eventually } from "../../support/eventually.ts";

const isRoot = process.getuid?.() === 0;
const ANOTHER = 12_345;

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "djinit-test-")));
});
afterEach(() => rmSync(root, { recursive: true }));

function words(given: Partial<Confinement>): string[] {
  const none = { system: [], reads: [], served: [], lists: [], linked: [], writes: [], creates: [] };
  const all = confinementWords({ kind: "nginx", appDirectory: join(root, "app"), ...none, ...given });
  return all.slice(1, -1).map((word) => word.replace(`${root}/`, ""));
}

function make(...names: string[]): void {
  for (const name of names) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), "");
  }
}

test("what is not there has no rule, and has one once it is", () => {
  const given = { reads: [join(root, "media")], writes: [join(root, "cache")] };
  expect(words(given)).toEqual([]);
  make("media/a", "cache/a");
  expect(words(given)).toEqual(["r=media", "w=cache"]);
});

test("links of collectstatic lead to the directories that mirror those of the static files", () => {
  make("lib/site/css/base.css", "app/shop/static/shop/a.js", "static/plain.css");
  mkdirSync(join(root, "static/css"));
  mkdirSync(join(root, "static/shop"));
  symlinkSync(join(root, "lib/site/css/base.css"), join(root, "static/css/base.css"));
  symlinkSync(join(root, "app/shop/static/shop/a.js"), join(root, "static/shop/a.js"));
  const found = words({ reads: [join(root, "static")], linked: [join(root, "static")] });
  expect(found.toSorted()).toEqual(["r=app/shop/static", "r=lib/site", "r=static"]);
});

test("no link opens the project's directory, or one of the system's", () => {
  make("app/.env", "app/settings.py", "static/a");
  symlinkSync(join(root, "app/.env"), join(root, "static/.env"));
  if (isRoot) lchownSync(join(root, "static/.env"), ANOTHER, ANOTHER);
  symlinkSync("/etc/passwd", join(root, "static/passwd"));
  symlinkSync("/etc", join(root, "static/etc"));
  symlinkSync(root, join(root, "static/up"));
  expect(words({ linked: [join(root, "static")] })).toEqual([]);
});

test.runIf(isRoot)("a link of root's with a name of its own leads to its file, and to no other", () => {
  make("app/assets/logo-2.png", "app/assets/key", "static/a");
  symlinkSync("../app/assets/logo-2.png", join(root, "static/logo.png"));
  symlinkSync("/etc/passwd", join(root, "static/passwd"));
  expect(words({ linked: [join(root, "static")] })).toEqual(["r=app/assets/logo-2.png"]);
});

test.runIf(isRoot)("what PID 1 may not see has its rule: whoever is confined may be of another group", () => {
  make("keys/tls.key", "media/a");
  chmodSync(root, 0o755);
  chmodSync(join(root, "keys"), 0o700);
  const paths = ["keys/tls.key", "media", "nothing"].map((name) => join(root, name));
  process.seteuid?.(ANOTHER);
  try {
    expect(words({ reads: paths })).toEqual(["r=keys/tls.key", "r=media"]);
  } finally {
    process.seteuid?.(0);
  }
});

test("a link in the place of what is served leads to data, not to the system or to the whole project", () => {
  make("app/media/a", "data/a", "app/settings.py");
  for (const [name, to] of [
    ["etc", "/etc"],
    ["all", join(root, "app")],
    ["above", root],
    ["data", join(root, "data")],
  ] as const)
    symlinkSync(to, join(root, `app/${name}`));
  const paths = ["etc", "all", "above", "data", "media"].map((name) => join(root, `app/${name}`));
  expect(words({ reads: paths, served: paths })).toEqual(["r=app/data", "r=app/media"]);
  // Configuration is the operator's: it may link to where it likes.
  expect(words({ reads: paths.slice(0, 1) })).toEqual(["r=app/etc"]);
});

test("what has come, or has taken the place of what was there, has moved; what is gone has not", async () => {
  make("media/a", "static/a");
  const paths = ["media", "static", "later", "media/below"].map((name) => join(root, name));
  const look = new PlacesLook();
  const before = await look.at(paths);
  const moved = async () => haveMoved(before, await look.at(paths));
  make("media/b", "media/below/c");
  expect(await moved()).toBe(false);
  rmSync(join(root, "static"), { recursive: true });
  expect(await moved()).toBe(false);
  make("later/a");
  expect(await moved()).toBe(true);
  rmSync(join(root, "later"), { recursive: true });
  expect(await moved()).toBe(false);
  renameSync(join(root, "media"), join(root, "old"));
  make("media/a");
  expect(await moved()).toBe(true);
});

describe("a look at places beside what the process does", () => {
  test("finds what is there, but for what lies below another place", async () => {
    const { dev, ino } = statSync("/usr");
    const paths = ["/usr", "/usr/bin", "/no/such"];
    expect(await new PlacesLook().at(paths)).toEqual(new Map([["/usr", `${dev}:${ino}`]]));
  });

  test("is one at a time: one that gets no answer keeps no other thread", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let asked = 0;
    const look = new PlacesLook((async (path: string) => {
      asked += 1;
      await promise;
      return { dev: 1, ino: path.length };
    }) as unknown as ConstructorParameters<typeof PlacesLook>[0]);
    const first = look.at(["/a", "/bb"]);
    const second = look.at(["/c"]);
    expect(look.hangs).toBe(false);
    await eventually(() => look.hangs, { what: "it is said to hang" });
    expect(asked).toBe(1);
    resolve();
    expect(await first).toEqual(
      new Map([
        ["/a", "1:2"],
        ["/bb", "1:3"],
      ]),
    );
    expect(await second).toEqual(new Map([["/c", "1:2"]]));
    expect([look.hangs, asked]).toEqual([false, 3]);
  });

  test("what is served is left out where it would not be answered for", () => {
    const none = {
      kind: "nginx",
      appDirectory: "/app",
      system: [],
      lists: [],
      writes: [],
      creates: [],
    } as const;
    const lists = { system: [], lists: [], writes: [], creates: [] };
    const given = { ...none, ...lists, reads: ["/etc/a", "/media"], served: ["/media"], linked: ["/media"] };
    expect(withoutServed(given)).toEqual({ ...given, reads: ["/etc/a"], served: [], linked: [] });
  });
});
