// celery works in the application's directory, where it may not write. So its own files get absolute names.
import { resolve } from "node:path";
import { optionValue } from "./option-value.ts";
import { CELERY_DIRECTORY } from "./paths.ts";
import type { CeleryArgs } from "./role.ts";

/** Options of its subcommands that name a file. */
const FILE_OPTIONS: Record<string, string[]> = {
  worker: ["--pidfile", "--logfile", "-f", "--statedb", "-S", "--schedule-filename", "--schedule", "-s"],
  beat: ["--pidfile", "--logfile", "-f", "--schedule", "-s"],
};
/** The schedule; some dbm libraries add a suffix. */
const SCHEDULE_FILE = "celerybeat-schedule";

/** The arguments after the subcommand, with absolute names of celery's files: they always were in that directory. */
export function withFiles({ globals, subcommand = "", rest }: CeleryArgs): string[] {
  // --workdir also chooses the directory of the files.
  if (globals.some((word) => word.startsWith("--workdir"))) return rest;
  const options = FILE_OPTIONS[subcommand] ?? [];
  return rest.map((word, at) => {
    if (options.includes(rest[at - 1] ?? "")) return place(word);
    const option = options.find((it) => word !== it && word.startsWith(it.startsWith("--") ? `${it}=` : it));
    if (option === undefined) return word;
    const head = option.startsWith("--") ? `${option}=` : option;
    return head + place(word.slice(head.length));
  });
}

/** Where beat keeps its schedule, unless the project's configuration says otherwise. */
export function scheduleFile(args: CeleryArgs): string {
  return resolve(CELERY_DIRECTORY, optionValue(args.rest, "-s", "--schedule") || SCHEDULE_FILE);
}

/** An empty name means that there is to be no file. */
function place(path: string): string {
  return path === "" ? path : resolve(CELERY_DIRECTORY, path);
}
