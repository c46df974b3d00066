import { afterEach, expect, test } from "vitest";
import { rememberReload } from "../../../src/boot/reload-request.ts";

const FOLLOWS = "reload asked for while the container boots: follows the boot";

afterEach(() => {
  process.removeAllListeners("SIGHUP");
});

function remembered(role: "web" | "release", pending: NodeJS.Signals[] = []) {
  const said: string[] = [];
  const silent = () => {};
  const log = {
    debug: silent,
    info: (_: object, msg: string) => void said.push(msg),
    warn: silent,
    error: silent,
  };
  return { said, reload: rememberReload(role, log, pending) };
}

test("HUP is said, and remembered", () => {
  const { said, reload } = remembered("web");
  expect(reload.asked).toBe(false);
  process.emit("SIGHUP");
  expect(said).toEqual([FOLLOWS]);
  expect(reload.asked).toBe(true);
});

test("one that came before is not lost", () => {
  const { said, reload } = remembered("web", ["SIGHUP"]);
  expect(said).toEqual([FOLLOWS]);
  expect(reload.asked).toBe(true);
});

test("a verb asks for the same", () => {
  const { reload } = remembered("web");
  expect(reload.ask()).toBe(FOLLOWS);
  expect(reload.asked).toBe(true);
});

test("a release has nothing to reload", () => {
  const { said, reload } = remembered("release");
  process.emit("SIGHUP");
  expect(said).toEqual(["reload ignored: a release has no services"]);
  expect(reload.asked).toBe(false);
});
