// The words of which main.ts asks before it loads anything: PID 1's start must not wait for the table of verbs.

/** What a container's CMD of that word means; beside a running djinit it is the verb in either case. */
type AsCmd =
  /** The verb, if only options follow: `docker run IMAGE config`. */
  | "verb"
  /** A command of the user's own: it would ask a PID 1 that is not there. */
  | "command";

/** Every verb of the table (verbs.ts). */
export const VERB_NAMES = {
  status: "verb",
  health: "verb",
  restart: "command",
  reload: "command",
  stop: "command",
  start: "command",
  scale: "command",
  logs: "command",
  migrations: "verb",
  manifest: "verb",
  config: "verb",
  version: "verb",
  help: "verb",
} as const satisfies Record<string, AsCmd>;

export type VerbName = keyof typeof VERB_NAMES;

/** Beside a running djinit only: of a CMD these are gunicorn's. */
export const VERB_OF_OPTION: ReadonlyMap<string, VerbName> = new Map([
  ["--help", "help"],
  ["-h", "help"],
  ["--version", "version"],
]);

export function isVerbName(word: string): word is VerbName {
  return Object.hasOwn(VERB_NAMES, word);
}
