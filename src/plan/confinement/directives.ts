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
/** A comment, a word in quotes, a mark, a word. Without groups: all of them come in one call, which every start of nginx pays for. */
const TOKENS =
  /#[^\n]*|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|[{};]|(?:[^\s"'{};\\$]+|\\[\s\S]|\$\{\w+\}|\$)(?:[^\s{};\\$]+|\\[\s\S]|\$\{\w+\}|\$)*/g;

/** All directives, each block before what is in it. */
export function readDirectives(dump: string): Directive[] {
  const all: Directive[] = [];
  const open: Directive[] = [];
  let file = "";
  let words: string[] = [];
  let inside: string[] = [];
  for (const token of dump.match(TOKENS) ?? []) {
    const first = token[0];
    if (first === "#") {
      if (token.startsWith("# conf")) file = FILE_HEAD.exec(token)?.[1] ?? file;
    } else if (first === "}") {
      open.pop();
      inside = inside.slice(0, -1);
      words = [];
    } else if (first === ";" || first === "{") {
      const [name = "", ...args] = words;
      words = [];
      const directive: Directive = { name, args, inside, file, block: [] };
      all.push(directive);
      open.at(-1)?.block.push(directive);
      if (first === "{") {
        open.push(directive);
        inside = [...inside, name];
      }
    } else {
      const text = first === '"' || first === "'" ? token.slice(1, -1) : token;
      words.push(text.includes("\\") ? text.replaceAll(/\\(["'\\])/g, "$1") : text);
    }
  }
  return all;
}

/** The files that nginx has read. */
export function readFileNames(dump: string): string[] {
  return [...dump.matchAll(new RegExp(FILE_HEAD, "gm"))].map(([, name = ""]) => name);
}
