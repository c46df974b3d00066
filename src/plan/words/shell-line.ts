// The shell form of CMD (`CMD gunicorn app.wsgi`), which arrives as `/bin/sh -c "gunicorn app.wsgi"`.

const SHELL = /^((\/usr)?\/bin\/)?(sh|bash|dash|ash)$/;
/** Those that change nothing for a line of one command. */
const OPTIONS = /^-[eu]+$/;
const OPTION_WITH_NAME = /^-[eu]*o$/;
const LINE_FOLLOWS = /^-[eu]*c$/;
/** Whatever means something to a shell outside of quotes, in some place or other. */
const SPECIAL = /[|&;<>()$`\\*?[\]{}!#~\n\r]/;
/** The same between double quotes. */
const SPECIAL_IN_QUOTES = /[$`\\]/;

/** What a shell is given to run; undefined where it is no shell, or one with more arguments. */
export function shellLine(argv: readonly string[]): string | undefined {
  if (!SHELL.test(argv[0] ?? "")) return undefined;
  let at = 1;
  for (;;) {
    const option = argv[at] ?? "";
    if (OPTIONS.test(option)) at += 1;
    else if (OPTION_WITH_NAME.test(option) && argv[at + 1] === "pipefail") at += 2;
    else return LINE_FOLLOWS.test(option) && argv.length === at + 2 ? argv[at + 1] : undefined;
  }
}

/**
 * The arguments of a line that is nothing but one command, in words and quotes; `exec` before it changes nothing. Undefined
 * where a shell has more to do: variables, several commands, redirections, patterns.
 */
export function plainArgv(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (const character of line.trim()) {
    if (quote !== "") {
      if (character === quote) quote = "";
      else if (quote === '"' && SPECIAL_IN_QUOTES.test(character)) return undefined;
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (SPECIAL.test(character)) {
      return undefined;
    } else if (character === " " || character === "\t") {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + character;
    }
  }
  if (quote !== "") return undefined;
  if (word !== undefined) words.push(word);
  const argv = words[0] === "exec" ? words.slice(1) : words;
  const [program = ""] = argv;
  // NAME=value before a command sets a variable; options are exec's, or no command at all.
  return program === "" || program.includes("=") || program.startsWith("-") ? undefined : argv;
}
