import { DjinitError } from "../../base/errors.ts";
import { MANIFEST_FILES } from "../../plan/paths.ts";
import { type Django, djangoEnvironment, runDjango } from "../django/run.ts";
import { makeManifest } from "../schema/manifest.ts";
import { writeManifest } from "../schema/save-manifest.ts";

/**
 * Writes the manifest of the image that is being built. Errors: DJINIT_SETTINGS_FAILED, DJINIT_MANIFEST_FAILED,
 * DJINIT_BAD_CONFIGURATION without DJANGO_SETTINGS_MODULE.
 */
export async function makeImageManifest(django: Django): Promise<void> {
  const path = MANIFEST_FILES[1];
  if (django.config.settingsModule === undefined)
    throw new DjinitError(
      "DJINIT_MANIFEST_FAILED",
      "cannot make the manifest: DJANGO_SETTINGS_MODULE is not set",
    );
  const { manifest: given } = await runDjango(django, ["manifest"], {
    lock: "own",
    manifestIsRequired: true,
  });
  if (given === undefined)
    throw new DjinitError("DJINIT_MANIFEST_FAILED", "cannot make the manifest: Django has reported no facts");
  try {
    const { config, environment, runAsPrefix } = django;
    const manifest = makeManifest(given, djangoEnvironment(config, environment, runAsPrefix));
    // A container that is not started as root reads it too.
    writeManifest(JSON.stringify(manifest), path, 0o644);
    const { migrations, needs_django: reasons } = manifest.facts;
    console.log(`${path}: ${migrations.length} migrations`);
    for (const reason of reasons) console.log(`each start will look for migrations with Django: ${reason}`);
  } catch (error) {
    const text = `cannot write the manifest ${path}: ${(error as Error).message}`;
    throw new DjinitError("DJINIT_MANIFEST_FAILED", text, { cause: error });
  }
}
