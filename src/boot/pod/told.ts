// What the application's container of a pod tells nginx's, by a file on the volume that they share.
import { renameSync } from "node:fs";
import * as v from "valibot";
import { readUntrusted } from "../../base/untrusted-file.ts";
import { APPLICATION_FILE, DJANGO_USER } from "../../plan/paths.ts";
import { actAs, findAccount } from "../../platform/credentials.ts";
import { writeNewFile } from "../../platform/new-file.ts";
import { SITE_FACTS } from "../schema/site.ts";

const TOLD = v.object({
  /** By which the application recognises nginx. */
  key: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  /** What the settings say of static files and uploads, as far as it is known. */
  site: v.optional(SITE_FACTS),
});

export type Told = v.InferOutput<typeof TOLD>;

const MOST_BYTES = 256 * 1024;

/** Errors: throws, with the reason, where nothing has been told yet. The application may write anything there. */
export function readTold(path = APPLICATION_FILE): Told {
  return v.parse(TOLD, JSON.parse(readUntrusted(path, { mostBytes: MOST_BYTES }).toString("utf8")));
}

/** Errors: the system's own. */
export function writeTold(told: Told, isRoot: boolean, path = APPLICATION_FILE): void {
  const draft = `${path}.new`;
  const write = (): void => {
    writeNewFile(draft, JSON.stringify(told), { mode: 0o644 });
    renameSync(draft, path);
  };
  // Root may write in the application's directory only as its user.
  if (isRoot) actAs(findAccount(DJANGO_USER), write);
  else write();
}
