// The names of the verbs, which main.ts needs before it loads anything: PID 1's start must not wait for the table of verbs.

/** The meaning of the word as a container's CMD. Beside a running djinit it is always the verb. */
type AsCmd =
  /** The verb, if only options follow: `docker run IMAGE config`. */
  | "verb"
  /** A command of the user's own: the verb would ask a PID 1 that is not there. */
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
  cache: "command",
  logs: "command",
  migrations: "verb",
  precompress: "verb",
  manifest: "verb",
  config: "verb",
  dump: "verb",
  version: "verb",
  help: "verb",
} as const satisfies Record<string, AsCmd>;

export type VerbName = keyof typeof VERB_NAMES;

/** Only beside a running djinit: in a CMD they belong to gunicorn. */
export const VERB_OF_OPTION: ReadonlyMap<string, VerbName> = new Map([
  ["--help", "help"],
  ["-h", "help"],
  ["--version", "version"],
]);

export function isVerbName(word: string): word is VerbName {
  return Object.hasOwn(VERB_NAMES, word);
}
