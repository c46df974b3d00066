// The words of a CMD that starts a web server of the project's choice: which are djinit's to say, which the project's.
import type { WebServer } from "./table.ts";

export interface ServerWords {
  application: string | undefined;
  /** The application's name is that of a function which makes it. */
  isFactory: boolean;
  /** The options that the server gets. */
  kept: string[];
  /** Those that it does not get, as they were given. */
  replaced: string[];
  /** The names of all options. */
  names: Set<string>;
}

/** As click and argparse read them. */
export function readServerWords(
  args: readonly string[],
  { flags, replaced }: Pick<WebServer, "flags" | "replaced">,
): ServerWords {
  const words: ServerWords = {
    application: undefined,
    isFactory: false,
    kept: [],
    replaced: [],
    names: new Set(),
  };
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] as string;
    if (word === "--") continue;
    if (!word.startsWith("-")) {
      if (words.application === undefined) words.application = word;
      else words.kept.push(word);
      continue;
    }
    const { name, hasValue } = splitOption(word);
    const given = [word];
    if (!hasValue && !flags.test(name) && at + 1 < args.length) {
      at += 1;
      given.push(args[at] as string);
    }
    words.names.add(name);
    if (name === "--factory") words.isFactory = true;
    else if (replaced.test(name)) words.replaced.push(given.join(" "));
    else words.kept.push(...given);
  }
  return words;
}

/** `--port=8000` and `-p8000` have their values with them. */
function splitOption(word: string): { name: string; hasValue: boolean } {
  if (!word.startsWith("--")) return { name: word.slice(0, 2), hasValue: word.length > 2 };
  const end = word.indexOf("=");
  return end === -1 ? { name: word, hasValue: false } : { name: word.slice(0, end), hasValue: true };
}
