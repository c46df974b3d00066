import type { AskedVerb } from "../control/protocol.ts";
import type { Arguments, Syntax } from "./arguments.ts";
import type { VerbName } from "./verb-names.ts";

/** Returns the exit status. `usage` is for errors that the argument parser cannot find. */
export type RunVerb = (args: Arguments, usage: string) => number | Promise<number>;

interface Row<Name extends VerbName, Needs extends string> extends Syntax {
  name: Name;
  /** One line of `djinit help`. */
  about: string;
  needs: Needs;
  run: RunVerb;
}

export type Verb =
  /** PID 1, which has an answer with the same name (control/answers.ts). */
  | Row<AskedVerb, "supervisor">
  /** The libraries of the boot, and the project's Django or database. */
  | Row<Exclude<VerbName, AskedVerb>, "boot">
  | Row<Exclude<VerbName, AskedVerb>, "nothing">;
