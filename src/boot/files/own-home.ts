// A user without an account in the image has neither home nor name: engines set HOME=/, and Python's getpass fails.
import { accessSync, constants } from "node:fs";
import { DJANGO_USER, HOME_DIRECTORY, placedIn } from "../../plan/paths.ts";
import { nameOf } from "../../platform/credentials.ts";

/** Without root: adds the variables that services and steps would miss to `environment`. */
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
