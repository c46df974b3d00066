// Where the files lie that nginx serves by itself.
import { NGINX_ROOT_FILE, placedIn } from "../../plan/paths.ts";
import { writeNewFile } from "../../platform/new-file.ts";

/** `appDirectory` has no character that means anything to nginx. */
export function writeNginxRoot(appDirectory: string, run: string): void {
  writeNewFile(placedIn(run, NGINX_ROOT_FILE), `root ${appDirectory};\n`, { mode: 0o644 });
}
