// Static files that lie there compressed: nginx takes those, and never one that is of an older file.
import { PROGRAMS } from "../../base/programs.ts";
import { VARIABLES } from "../../config/variables.ts";
import { startAfter } from "../../platform/service-argv.ts";
import type { Ahead } from "../ahead.ts";
import { startChild } from "../child-end.ts";
import type { BootContext } from "../context.ts";
import { ENCODINGS } from "../precompressed/siblings.ts";
import { findStale, isPrecompressed } from "../precompressed/stale.ts";
import { directoryOf, type ServedFiles, type ServedSite, uploadsBelow } from "./served-files.ts";

export type StaticContext = Pick<BootContext, "config" | "log"> & {
  runAsPrefix: readonly string[];
  gunicorn?: Pick<Ahead, "dismiss"> | undefined;
};

/** An nginx without a module, or an nginx.conf that does not load it. False: that is not what it complains of. */
export function leaveUncompressed(files: ServedFiles | undefined, complaint: string): boolean {
  const unknown = /unknown directive "(gzip|brotli)_static"/.exec(complaint)?.[1];
  const left = files?.encodings?.filter((encoding) => encoding !== unknown);
  if (files === undefined || left === undefined || left.length === files.encodings?.length) return false;
  files.encodings = left;
  return true;
}

/** Those of `distrusted` are served as if there were none. */
export function takePrecompressed(
  files: ServedFiles | undefined,
  appDirectory: string,
  distrusted: ReadonlySet<string>,
): void {
  if (files === undefined) return;
  files.encodings = ENCODINGS;
  for (const root of files.roots) {
    const path = directoryOf(root, appDirectory);
    if (isPrecompressed(path) && !distrusted.has(path)) root.precompressed = true;
  }
}

/**
 * Removes what is out of date, as the user who has made the files anew: `collectstatic` at a start, in a volume, in a layer of
 * an image. Returns the directories where that cannot be done, each told of in the log.
 */
export async function removeStale(
  site: ServedSite,
  uploads: string | undefined,
  context: StaticContext,
): Promise<Set<string>> {
  const distrusted = new Set<string>();
  const { appDirectory } = context.config;
  for (const root of site.static?.roots ?? []) {
    const path = directoryOf(root, appDirectory);
    const stale = isPrecompressed(path) ? findStale(path, uploadsBelow(path, site, appDirectory)) : undefined;
    if (stale === undefined || (await clean(path, uploads, context))) continue;
    distrusted.add(path);
    const text = `cannot serve the precompressed files in ${path}: ${stale} is not of the file beside it as that is now, and cannot be removed; run \`djinit precompress\` after the last collectstatic of the image`;
    context.log.warn({ path: stale }, text);
  }
  return distrusted;
}

/** Compares contents: a file that has been written again may be the same. Whether every sibling is its file's now. */
async function clean(
  root: string,
  uploads: string | undefined,
  { config, gunicorn, runAsPrefix }: StaticContext,
): Promise<boolean> {
  // An application that serves them itself has looked at them when it was loaded.
  gunicorn?.dismiss();
  const command = [PROGRAMS.djinit, "precompress", "--clean"];
  const { appDirectory, mediaRoot, staticRoot } = VARIABLES;
  const told = {
    [appDirectory.name]: config.appDirectory,
    [staticRoot.name]: root,
    ...(uploads === undefined ? {} : { [mediaRoot.name]: uploads }),
  };
  const { ended } = startChild(startAfter(runAsPrefix, command, told), { cwd: "/", stdio: "ignore" });
  return (await ended).status === 0;
}
