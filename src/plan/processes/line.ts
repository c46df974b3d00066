// How a line of a Procfile, or another line for a shell, is run.
import { withExec } from "../words/last-command.ts";
import { plainArgv } from "../words/shell-line.ts";

const SHELL = "/bin/sh";
/**
 * A shell dies of TERM at once, and leaves its programs behind. With a trap it waits for the one that it runs, and then ends
 * with that one's status instead of beginning the next.
 */
const OUTLIVES_SIGNALS = "trap exit TERM INT QUIT HUP USR1 USR2; ";

export interface LineCommand {
  argv: string[];
  /** The shell stays: its programs need the signals of a stop too. */
  signalsGroup: boolean;
}

/** One simple command is run without a shell; the last one of several takes the shell's place, if it can. */
export function commandOfLine(line: string): LineCommand {
  const plain = plainArgv(line);
  if (plain !== undefined) return { argv: plain, signalsGroup: false };
  const replaced = withExec(line);
  if (replaced !== undefined) return { argv: [SHELL, "-c", replaced], signalsGroup: false };
  return { argv: [SHELL, "-c", `${OUTLIVES_SIGNALS}${line}`], signalsGroup: true };
}
