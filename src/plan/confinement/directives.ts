// The dump of `nginx -T` as directives. Pure.

export interface Directive {
  name: string;
  args: string[];
  /** The names of the blocks around it, the outermost first. */
  inside: string[];
  /** The file that it stands in. */
  file: string;
  /** Of a block: the directives right in it. */
  block: Directive[];
}

/** Each file comes after a line with its path. */
export const FILE_HEAD = /^# configuration file (.*):$/m;
const TOKEN =
  /#[^\n]*|"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|([{};])|((?:[^\s"'{};\\]|\\[\s\S]|\$\{\w+\})(?:[^\s{};\\]|\\[\s\S]|\$\{\w+\})*)/g;

/** All directives, each block before what is in it. */
export function readDirectives(dump: string): Directive[] {
  const all: Directive[] = [];
  const open: Directive[] = [];
  let file = "";
  let words: string[] = [];
  for (const [whole, double, single, mark, word] of dump.matchAll(TOKEN)) {
    if (whole.startsWith("#")) {
      file = FILE_HEAD.exec(whole)?.[1] ?? file;
    } else if (mark === undefined) {
      words.push((double ?? single ?? word ?? "").replaceAll(/\\(["'\\])/g, "$1"));
    } else if (mark === "}") {
      open.pop();
      words = [];
    } else {
      const [name = "", ...args] = words;
      words = [];
      const directive: Directive = { name, args, inside: open.map((it) => it.name), file, block: [] };
      all.push(directive);
      open.at(-1)?.block.push(directive);
      if (mark === "{") open.push(directive);
    }
  }
  return all;
}

/** The files that nginx has read. */
export function readFileNames(dump: string): string[] {
  return [...dump.matchAll(new RegExp(FILE_HEAD, "gm"))].map(([, name = ""]) => name);
}
