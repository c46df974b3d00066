import { DjinitError } from "../../base/errors.ts";
import { MANIFEST_FILES } from "../../plan/paths.ts";
import { djangoEnvironment } from "../django/environment.ts";
import { type Django, runDjango } from "../django/run.ts";
import type { Hook } from "../hooks/find-hooks.ts";
import { type ManifestFacts, makeManifest } from "../schema/manifest.ts";
import { writeManifest } from "../schema/save-manifest.ts";
import { askAsBuilder } from "./as-builder.ts";

/**
 * Writes the manifest of the image that is being built. Errors: DJINIT_SETTINGS_FAILED, DJINIT_MANIFEST_FAILED,
 * DJINIT_BAD_CONFIGURATION without DJANGO_SETTINGS_MODULE.
 */
export async function makeImageManifest(django: Django, hooks: readonly Hook[]): Promise<void> {
  const path = MANIFEST_FILES[1];
  if (django.config.settingsModule === undefined)
    throw new DjinitError(
      "DJINIT_MANIFEST_FAILED",
      "cannot make the manifest: DJANGO_SETTINGS_MODULE is not set",
    );
  const given = await askForFacts(django);
  try {
    const { config, environment, runAsPrefix } = django;
    const manifest = makeManifest(given, djangoEnvironment(config, environment, runAsPrefix));
    // A container that is not started as root reads it too.
    writeManifest(JSON.stringify(manifest), path, 0o644);
    const { migrations, needs_django: reasons, own_migrate: own, settings } = manifest.facts;
    console.log(`${path}: ${migrations.length} migrations`);
    for (const { name } of hooks) console.log(`hook ${name}`);
    for (const reason of reasons) console.log(`each start will look for migrations with Django: ${reason}`);
    if (reasons.length > 0) return;
    if (own !== undefined)
      console.log(
        `${own.module}, the project's own migrate, does more than Django's: it runs ${WHEN_OWN_RUNS}`,
      );
    const elsewhere = settings.takes_url ? [] : ["they do not take the default database from DATABASE_URL"];
    for (const reason of [...settings.unproven, ...elsewhere])
      console.log(`each start will import the settings, without a start of Django: ${reason}`);
  } catch (error) {
    const text = `cannot write the manifest ${path}: ${(error as Error).message}`;
    throw new DjinitError("DJINIT_MANIFEST_FAILED", text, { cause: error });
  }
}

const WHEN_OWN_RUNS =
  "where a migration is pending, and once for each image with each set of variables; DJINIT_MIGRATE_ALWAYS=1: at each start";

function askForFacts(django: Django): Promise<ManifestFacts> {
  return askAsBuilder(django, factsFrom, (error) => {
    const text = `user django cannot load the project as it is in the image, and root can: ${error.message}; what RUN has written is root's: give it to django (RUN chown), or do not keep it`;
    django.log.warn({ step: "manifest", ...error.fields }, text);
  });
}

async function factsFrom(django: Django): Promise<ManifestFacts> {
  const { manifest } = await runDjango(django, ["manifest"], { lock: "own", manifestIsRequired: true });
  if (manifest === undefined)
    throw new DjinitError("DJINIT_MANIFEST_FAILED", "cannot make the manifest: Django has reported no facts");
  return manifest;
}
