// One of nginx's files that djinit writes at each start.
import { rmSync } from "node:fs";
import { placedIn, RUN_DIRECTORY } from "../../plan/paths.ts";
import { placeText } from "../../plan/run-directory.ts";
import { writeNewFile } from "../../platform/new-file.ts";

/** `path` and `text` as they are for /run; `run` is what serves as it. Without a text there is to be no such file. */
export function writeNginxFile(path: string, text: string | undefined, run: string): void {
  const file = placedIn(run, path);
  if (text === undefined) rmSync(file, { force: true });
  else writeNewFile(file, run === RUN_DIRECTORY ? text : placeText(text, run), { mode: 0o644 });
}
