// celery as the lines of Procfiles have it: in another directory, with variables before it, behind programs that become it.
import { IMAGE_PYTHON_DIRECTORY } from "../paths.ts";
import { plainArgv, shellLine } from "./shell-line.ts";
import { splitWrapper } from "./wrappers.ts";

/** What stands before the command itself, and is done for it without a shell. */
export interface Surroundings {
  /** Relative to the application's. */
  directory?: string;
  variables: Record<string, string>;
  /** Programs that take the rest as their argument and become it. */
  wrapper: string[];
}

const DIRECTORY = /^\s*cd\s+("[^"$`\\]+"|'[^']+'|[\w@%+=:,./-]+)\s*(?:&&|;)\s*/;
const ASSIGNMENT = /^([A-Za-z_]\w*)=(.*)$/s;
/** Not one of another environment: that has its own Python. */
const PROGRAMS = ["celery", `${IMAGE_PYTHON_DIRECTORY}/celery`];
const PYTHON = /^python(3(\.\d+)?)?$/;

/** celery's words and what stands before them; undefined where the line is another one, or only a shell could run it. */
export function readCeleryLine(line: string): { argv: string[]; surroundings: Surroundings } | undefined {
  const surroundings: Surroundings = { variables: {}, wrapper: [] };
  let rest = line;
  for (;;) {
    const [before, directory] = DIRECTORY.exec(rest) ?? [];
    if (directory !== undefined && surroundings.directory === undefined)
      surroundings.directory = directory.replace(/^(["'])(.*)\1$/, "$2");
    else if (directory !== undefined) return undefined;
    // With a word before it, an assignment is a word as any other.
    const words = plainArgv(`env ${rest.slice(before?.length ?? 0)}`)?.slice(1);
    if (words === undefined) return undefined;
    const argv = withoutWrapper(withoutAssignments(words, surroundings), surroundings);
    const inner = shellLine(argv);
    if (inner !== undefined) rest = inner;
    else return isCelery(argv) ? { argv: asCelery(argv), surroundings } : undefined;
  }
}

function withoutAssignments(words: readonly string[], { variables }: Surroundings): string[] {
  const left = [...words];
  for (;;) {
    const [, name, value = ""] = ASSIGNMENT.exec(left[0] ?? "") ?? [];
    if (name !== undefined) variables[name] = value;
    else if (left[0] !== "exec" && left[0] !== "env") return left;
    left.shift();
  }
}

function withoutWrapper(words: readonly string[], { wrapper }: Surroundings): string[] {
  const { wrapper: found, rest } = splitWrapper(words);
  wrapper.push(...found);
  return rest;
}

function isCelery([program = "", option, module]: readonly string[]): boolean {
  return PROGRAMS.includes(program) || (PYTHON.test(program) && option === "-m" && module === "celery");
}

function asCelery(argv: readonly string[]): string[] {
  return ["celery", ...argv.slice(PROGRAMS.includes(argv[0] ?? "") ? 1 : 3)];
}

/** Whether a line that was not read runs one all the same. */
export function mentionsCelery(line: string): boolean {
  return /(?:^|[\s/"'(])celery["']?\s(?:[^|;&]*\s)?(?:worker|beat)\b/.test(line);
}
