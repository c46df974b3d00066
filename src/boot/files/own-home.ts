// A user whom the image does not know has no home, and no name: engines say HOME=/, and Python's getpass finds nobody.
import { accessSync, constants } from "node:fs";
import { DJANGO_USER, HOME_DIRECTORY, placedIn } from "../../plan/paths.ts";
import { nameOf } from "../../platform/credentials.ts";

/** Adds to `environment`, for whoever was not started as root, what its services and steps would miss. */
export function giveHome(environment: NodeJS.ProcessEnv, run: string): void {
  if (!isWritable(environment["HOME"])) environment["HOME"] = placedIn(run, HOME_DIRECTORY);
  if (nameOf(process.getuid?.() ?? 0) !== undefined) return;
  for (const name of ["USER", "LOGNAME"]) environment[name] ||= DJANGO_USER;
}

function isWritable(directory = ""): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
