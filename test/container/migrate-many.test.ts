// What Django reports has no bound that a real project meets.
import { expect, test } from "vitest";
import { createDatabase } from "../support/postgres.ts";
import { parseRecords } from "../support/records.ts";
import { startProject } from "./project-subject.ts";

const COUNT = 2_000;

/** A project whose one app has that many migrations, with names as `makemigrations` gives them. */
const GENERATE = `
import os
os.makedirs("/app/many/migrations")
for name in ("many/__init__.py", "many/migrations/__init__.py"):
    open(f"/app/{name}", "w").close()
with open("/app/many/settings.py", "w") as file:
    file.write("from cake_service.settings import *\\nINSTALLED_APPS = ['many']\\n")
before = None
for number in range(${COUNT}):
    name = f"{number:04}_alter_cake_options_remove_cake_price_cake_icing_and_{number}_more"
    needs = "" if before is None else repr(("many", before))
    with open(f"/app/many/migrations/{name}.py", "w") as file:
        file.write(f"from django.db import migrations\\nclass Migration(migrations.Migration):\\n    dependencies = [{needs}]\\n")
    before = name
`;

test(`a project with ${COUNT} migrations has a manifest, and both ways list what is pending`, async () => {
  const { url } = await createDatabase();
  const env = { DATABASE_URL: url, DJANGO_SETTINGS_MODULE: "many.settings" };
  await using container = await startProject({ command: ["sleep", "600"], env });
  await container.output(["python", "-c", GENERATE]);
  const list = async () => {
    const ran = await container.exec(["djinit", "migrations", "--json"], { timeoutMs: 90_000 });
    expect(ran.exitCode, ran.stderr).toBe(0);
    // Records and nothing else: no report has gone astray.
    for (const { level } of parseRecords(ran.stderr)) expect(["info", "debug"]).toContain(level);
    return JSON.parse(ran.stdout) as { pending: string[] };
  };
  const byDjango = await list();
  expect(byDjango.pending).toHaveLength(COUNT);
  const made = await container.output(["djinit", "manifest"], { timeoutMs: 90_000 });
  expect(made).toBe(`/var/lib/djinit/manifest.json: ${COUNT} migrations`);
  expect(
    Number(await container.output(["stat", "-c", "%s", "/var/lib/djinit/manifest.json"])),
  ).toBeGreaterThan(256 * 1024);
  expect(await list()).toEqual(byDjango);
});
