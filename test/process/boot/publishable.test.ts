import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { refusal } from "../../../src/boot/files/publishable.ts";

function project(): string {
  const directory = mkdtempSync(join(tmpdir(), "publishable-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, "app/shop/settings"), { recursive: true });
  for (const file of ["app/manage.py", "app/shop/settings/__init__.py"])
    writeFileSync(join(directory, file), "");
  for (const name of ["app/static/settings", "app/shop/static", "srv"])
    mkdirSync(join(directory, name), { recursive: true });
  symlinkSync(join(directory, "app"), join(directory, "srv/link"));
  symlinkSync("/etc", join(directory, "srv/etc"));
  return directory;
}

test.each([
  ["app/static", undefined],
  ["app/shop/static", undefined],
  ["app/none", undefined],
  ["srv", undefined],
  ["app", "which holds the application's directory"],
  ["", "which holds the application's directory"],
  ["app/shop", "which holds settings/__init__.py"],
  ["srv/link", "which holds the application's directory"],
  ["srv/link/shop", "which holds settings/__init__.py"],
  // A file that is mounted, say.
  ["app/manage.py", undefined],
  ["srv/etc", "which is the system's"],
  ["srv/etc/ssl", "which is the system's"],
])("%s below the project: %s", (name, expected) => {
  const root = project();
  const why = refusal(join(root, name), join(root, "app"));
  expect(why?.replace(/ \/tmp.*/, "")).toBe(expected);
});

test.each([
  ["/", "which holds"],
  ["/etc", "system"],
  ["/etc/nginx", "system"],
  ["/proc/self", "system"],
  ["/root/.ssh", "system"],
  ["/run/secrets", "system"],
  ["/usr", "system"],
  ["/var", "system"],
  ["/var/run/secrets", "system"],
  ["/home", "system"],
  ["/var/lib/djinit/x", "system"],
  ["/app", "which holds"],
])("%s", (path, expected) => {
  expect(refusal(path, "/app")).toMatch(expected);
});

test.each([
  "/var/www/static",
  "/vol/web/media",
  "/srv",
  "/data",
  "/media",
  "/usr/src/app/static",
  "/home/app/web/staticfiles",
])("%s may be", (path) => {
  expect(refusal(path, "/usr/src/app")).toBeUndefined();
});
