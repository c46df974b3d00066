import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { sayWhereElse } from "../../../src/boot/django/missing-module.ts";
import { settingsOfManage } from "../../../src/boot/django/named-settings.ts";

function project(...files: string[]): string {
  const directory = mkdtempSync(join(tmpdir(), "missing-module-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const file of files) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), "", { mode: 0o755 });
  }
  return directory;
}

const SITE = ".venv/lib/python3.13/site-packages";

test("a project that lies one directory further down", () => {
  const appDirectory = project("src/shop/__init__.py", "src/shop/settings.py", "docs/shop.md");
  const place = { appDirectory, settingsModule: "shop.settings", path: "/usr/bin" };
  expect(sayWhereElse("shop", place)).toBe(
    ` (looked for in ${appDirectory}, the application's directory, and in what is installed; it lies in ${appDirectory}/src: make that the WORKDIR, or DJINIT_APP_DIRECTORY)`,
  );
  // Another name may be anything.
  expect(sayWhereElse("docs", place)).toBe("");
});

test("packages in a virtual environment that is not the one in use", () => {
  const appDirectory = project(".venv/bin/python", `${SITE}/django/__init__.py`, `${SITE}/six.py`);
  const place = { appDirectory, settingsModule: "shop.settings", path: "/usr/bin" };
  for (const module of ["django", "six"])
    expect(sayWhereElse(module, place)).toBe(
      `; it is installed in ${appDirectory}/.venv, which does not come first on PATH: say ENV PATH=${appDirectory}/.venv/bin:$PATH`,
    );
  expect(sayWhereElse("rest_framework", place)).toBe("");
  expect(sayWhereElse("django", { ...place, path: `${appDirectory}/.venv/bin:/usr/bin` })).toBe("");
});

test.each([
  [`os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")`, "shop.settings"],
  [`os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings.local')`, "config.settings.local"],
  [`os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"`, "shop.settings"],
  [`os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)`, undefined],
  ["", undefined],
])("a manage.py with %s names %s", (text, settings) => {
  const appDirectory = project("elsewhere");
  writeFileSync(join(appDirectory, "manage.py"), `import os\n${text}\n`);
  expect(settingsOfManage(appDirectory)).toBe(settings);
});

test("a manage.py that is a link, or not there, names none", () => {
  const appDirectory = project("other.py");
  expect(settingsOfManage(appDirectory)).toBeUndefined();
  symlinkSync(join(appDirectory, "other.py"), join(appDirectory, "manage.py"));
  expect(settingsOfManage(appDirectory)).toBeUndefined();
});
