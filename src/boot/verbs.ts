// The verbs that need the boot's libraries: `djinit precompress` and `djinit manifest` when an image is built, `djinit migrations` at
// any time.
import { asDjinitError } from "../base/errors.ts";
import type { Loaded } from "../config/load.ts";
import { refuseProblems } from "../config/problem.ts";
import { openBootLog } from "../logs/write/boot-log.ts";
import { openSink } from "../logs/write/open-sink.ts";
import { logError } from "../logs/write/own-log.ts";
import { DJANGO_USER } from "../plan/paths.ts";
import { dropTo } from "../platform/credentials.ts";
import type { Django } from "./django/run.ts";
import { UNOBSERVED } from "./facts.ts";
import { findAppDirectoryProblems } from "./files/app-directory.ts";
import { loadGiven } from "./given.ts";
import { findHooks, type Hook } from "./hooks/find-hooks.ts";
import { findUrlProblems } from "./postgres/url-problems.ts";
import { stopOnSignals } from "./stop-signals.ts";
import { askVault, withoutReferences } from "./vault/ask-vault.ts";
import type { OpenVault } from "./vault/open-vault.ts";
import { makeImageManifest } from "./verbs/manifest.ts";
import { listMigrations } from "./verbs/migrations.ts";
import { precompressStatic } from "./verbs/precompress.ts";

/** `djinit manifest`. Ends the process. */
export function manifest(): Promise<never> {
  return run(makeImageManifest, withoutReferences);
}

/** `djinit migrations`. Ends the process. */
export function migrations(options: { json: boolean }): Promise<never> {
  return run((django, hooks) => listMigrations(django, hooks, options));
}

/** `djinit precompress`. Ends the process. */
export function precompress(options: { clean: boolean }): Promise<never> {
  return run((django) => precompressStatic(django, options), withoutReferences);
}

/** Runs one verb and ends the process with its exit status. Its answer is on stdout, all else on stderr. */
async function run(
  verb: (django: Django, hooks: Hook[]) => Promise<void>,
  prepared: (loaded: Loaded) => Loaded = (loaded) => loaded,
): Promise<never> {
  const sink = openSink(2, "blocking");
  const log = openBootLog(sink);
  let vault: OpenVault | undefined;
  try {
    const signal = stopOnSignals([]);
    const loaded = prepared(loadGiven());
    vault = await askVault(Object.assign(loaded, { log, observer: UNOBSERVED, signal }));
    const { config, environment, problems } = loaded;
    const isRoot = process.getuid?.() === 0;
    const found = findHooks(isRoot);
    refuseProblems([
      ...problems,
      ...found.problems,
      ...findAppDirectoryProblems(config, isRoot),
      ...findUrlProblems(config, environment),
    ]);
    const runAsPrefix = isRoot ? dropTo(DJANGO_USER) : [];
    const django = { config, environment, log, observer: UNOBSERVED, sink, signal, runAsPrefix };
    await verb(django, found.hooks);
    await vault?.leave();
    await answered();
    process.exit(0);
  } catch (thrown) {
    await vault?.leave();
    await answered();
    logError(log, thrown);
    process.exit(asDjinitError(thrown).endStatus);
  }
}

/** Resolves when the whole answer is written, which may be more than a pipe holds, or when its reader is gone. */
async function answered(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  process.stdout.on("error", () => resolve());
  process.stdout.write("", () => resolve());
  await promise;
}
