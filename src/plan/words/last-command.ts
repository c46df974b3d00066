// A line for a shell whose last command takes the shell's place: the signals of a stop then reach that command.

/** Words that a shell treats in its own way: `exec` before them would be an error, or would end what they belong to. */
const OF_THE_SHELL = new Set(
  ". : ! { } [[ alias break case cd command continue do done elif else esac eval exit export fi for function if local read readonly return select set shift source then time times trap type ulimit umask unset until wait while".split(
    " ",
  ),
);
const ASSIGNMENTS = /^(?:[A-Za-z_]\w*=(?:"[^"]*"|'[^']*'|[^\s"'\\])*\s+)*/;
const FIRST_WORD = /^[^\s;&|<>()]+/;

/** Undefined where the shell has to stay: pipes, loops, background processes, alternatives. */
export function withExec(line: string): string | undefined {
  const start = lastCommandAt(line);
  if (start === undefined) return undefined;
  const space = /^\s*/.exec(line.slice(start))?.[0].length ?? 0;
  const command = line.slice(start + space);
  const assignments = ASSIGNMENTS.exec(command)?.[0] ?? "";
  const rest = command.slice(assignments.length);
  const [word = ""] = FIRST_WORD.exec(rest) ?? [];
  if (word === "exec") return line;
  if (word === "" || /^\w+=/.test(word) || OF_THE_SHELL.has(word)) return undefined;
  return `${line.slice(0, start + space)}${assignments}exec ${rest}`;
}

/** Where the last command of `a && b; c` begins. */
function lastCommandAt(line: string): number | undefined {
  let start = 0;
  let quote = "";
  /** Inside `$(…)`, which is one word. */
  let depth = 0;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] as string;
    const next = line[at + 1];
    const before = line[at - 1] ?? " ";
    if (character === "\\" && quote !== "'") at += 1;
    else if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (character === "$" && next === "(") {
      depth += 1;
      at += 1;
    } else if (depth > 0) depth += character === "(" ? 1 : character === ")" ? -1 : 0;
    else if ("`()|\n".includes(character)) return undefined;
    else if (character === "#" && /[\s;&]/.test(before)) return undefined;
    else if (character === "&" && !"<>".includes(before)) {
      if (next !== "&") return undefined;
      at += 1;
      start = at + 1;
    } else if (character === ";") start = at + 1;
  }
  return quote === "" && depth === 0 ? start : undefined;
}
