import { linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { identityOf, isSame, SocketWatch } from "../../../src/supervise/sockets/socket-watch.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const PERIOD_MS = 1_000;

function watched() {
  const directory = temporaryDirectory().path;
  const [path, kept] = [join(directory, "name"), join(directory, "kept")];
  writeFileSync(path, "");
  linkSync(path, kept);
  const identity = identityOf(path);
  const said: { level: string; msg: string }[] = [];
  const say = (level: string) => (_: object, msg: string) => void said.push({ level, msg });
  const log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
  const clock = new VirtualClock();
  const watch = new SocketWatch(clock, log);
  watch.add({
    path,
    isThere: () => isSame(identity, identityOf(path)),
    putBack: async () => {
      rmSync(path, { force: true });
      linkSync(kept, path);
    },
  });
  const look = async (): Promise<void> => {
    clock.advance(PERIOD_MS);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { path, watch, said, look };
}

test.each([
  ["removed", () => {}],
  ["replaced", (path: string) => writeFileSync(path, "")],
  ["replaced", (path: string) => symlinkSync("/nowhere", path)],
])("a name that has been %s is told at once, put back, and said once", async (how, replace) => {
  const { path, watch, said, look } = watched();
  await look();
  expect(watch.lost(path)).toBeUndefined();
  rmSync(path);
  replace(path);
  expect(watch.lost(path)).toEqual({
    detail: `has lost its socket: ${path} has been ${how}`,
    hopeless: false,
  });
  await look();
  expect(watch.lost(path)).toBeUndefined();
  await look();
  expect(said).toEqual([{ level: "warn", msg: `${path} had been ${how}: put back` }]);
});

test("one that cannot be put back is said once, with the cause, and given up in the end", async () => {
  const { path, watch, said, look } = watched();
  rmSync(path);
  mkdirSync(join(path, "inner"), { recursive: true });
  await look();
  expect(watch.lost(path)).toMatchObject({
    detail: expect.stringContaining("cannot be put back: "),
    hopeless: false,
  });
  for (let at = 0; at < 10; at += 1) await look();
  expect(watch.lost(path)?.hopeless).toBe(true);
  expect(said).toHaveLength(1);
  expect(said[0]).toMatchObject({
    level: "error",
    msg: expect.stringContaining(`cannot put back ${path}, which has been replaced`),
  });
  rmSync(path, { recursive: true });
  await look();
  expect(watch.lost(path)).toBeUndefined();
  expect(said.at(-1)?.level).toBe("warn");
});
