// Whether gunicorn may begin its first worker before the boot is done: the worker imports the settings, tells them, and waits.
import type { BootContext } from "../context.ts";
import { gunicornFile, hasProjectFile } from "./file.ts";

/**
 * Options that neither run code of the project's nor decide on what the boot has yet to find out: no address, no directory, no
 * variable, no file, no preloading.
 */
const HARMLESS =
  /^(-[wt]|--(workers|threads|timeout|graceful-timeout|keep-alive|max-requests|max-requests-jitter|log-level|access-logfile|error-logfile|access-logformat|capture-output))(=|$)/;

/** gunicorn's master imports the class. */
const CLASS = /^(?:-k|--worker-class)(?:=(.*))?$/;
const OWN_CLASSES = ["sync", "gthread", "asgi"];

/**
 * A hook may write what the settings read; a gunicorn file of the project's may have hooks that are meant to come after the
 * migrations.
 */
export function mayHold({
  config,
  hooks,
  invocation,
}: Pick<BootContext, "hooks" | "invocation"> & Config): boolean {
  if (
    hooks.length > 0 ||
    !gunicornFile("settles") ||
    !gunicornFile("holds") ||
    hasProjectFile(config.appDirectory)
  )
    return false;
  return areHarmless([...invocation.args, ...(config.gunicornArguments ?? "").split(/\s+/)]);
}

type Config = { config: Pick<BootContext["config"], "appDirectory" | "gunicornArguments"> };

export function areHarmless(words: readonly string[]): boolean {
  return words.every((word, at) => {
    if (!word.startsWith("-") || word === "-") return true;
    const [, given = words[at + 1] ?? ""] = CLASS.exec(word) ?? [];
    return CLASS.test(word) ? OWN_CLASSES.includes(given) : HARMLESS.test(word);
  });
}
