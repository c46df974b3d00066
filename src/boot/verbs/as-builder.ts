// Who asks the project something when an image is built.
import { existsSync } from "node:fs";
import { DjinitError } from "../../base/errors.ts";
import { PROGRAMS } from "../../base/programs.ts";
import { LOCK_FILE } from "../../plan/paths.ts";
import type { Django } from "../django/run.ts";

/** Before a command, it leaves the user as it is. Steps that are to run as user django have another one. */
const AS_ROOT = [PROGRAMS.setpriv, "--no-new-privs", "--"];

/**
 * As user django, like the services; then as root. Earlier steps of an image's build ran as root: their files may be closed to
 * django, which fails only if the container needs them. `onlyRoot` is told of that. Errors: those of `ask`, as user django.
 */
export async function askAsBuilder<T>(
  django: Django,
  ask: (django: Django) => Promise<T>,
  onlyRoot: (error: DjinitError) => void = () => {},
): Promise<T> {
  try {
    return await ask(django);
  } catch (error) {
    if (!(error instanceof DjinitError) || !isBuiltByRoot() || django.signal.aborted) throw error;
    const answer = await ask({ ...django, runAsPrefix: AS_ROOT }).catch(() => {
      // Then it is no matter of users.
      throw error;
    });
    onlyRoot(error);
    return answer;
  }
}

/** In a container that runs, root does not run the project's code. */
function isBuiltByRoot(): boolean {
  return process.getuid?.() === 0 && !existsSync(LOCK_FILE);
}
