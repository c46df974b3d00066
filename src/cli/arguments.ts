import { parseArgs } from "node:util";
import { DjinitError } from "../base/errors.ts";

export interface Arguments {
  operands: string[];
  options: Record<string, string | boolean | undefined>;
}

export interface Syntax {
  /** As in `djinit help`, with the verb first: `restart SERVICE`. */
  usage: string;
  /** The least and the largest number of operands. */
  operands?: [number, number];
  /** Long options, some with a short name: `{ follow: "f" }`. */
  flags?: Record<string, string>;
  /** The same, with a value each. */
  values?: Record<string, string>;
}

/** A verb's operands and options. Errors: DJINIT_BAD_USAGE names the bad argument and the usage. */
export function readArguments(args: readonly string[], syntax: Syntax): Arguments {
  const { usage, operands: [least, most] = [0, 0], flags = {}, values = {} } = syntax;
  const [verb = ""] = usage.split(" ");
  const refuse = (cause: string) =>
    new DjinitError(
      "DJINIT_BAD_USAGE",
      `cannot run \`djinit ${[verb, ...args].join(" ")}\`: ${cause}; usage: djinit ${usage}`,
    );
  const options: Record<string, { type: "boolean" | "string"; short?: string }> = {};
  const add = (type: "boolean" | "string", named: Record<string, string>): void => {
    for (const [name, short] of Object.entries(named))
      options[name] = { type, ...(short === "" ? {} : { short }) };
  };
  add("boolean", flags);
  add("string", values);
  let parsed: { values: Arguments["options"]; positionals: string[] };
  try {
    // `scale gunicorn -1`: a number is an operand, not an option.
    const shielded = args.map((arg) => (/^-\d+$/.test(arg) ? `\0${arg}` : arg));
    parsed = parseArgs({ args: shielded, options, allowPositionals: true }) as typeof parsed;
  } catch (error) {
    throw refuse((error as Error).message.replace("\0", "").split(". ", 1)[0] as string);
  }
  const operands = parsed.positionals.map(unshielded);
  if (operands.length < least) throw refuse("a word is missing");
  if (operands.length > most) throw refuse(`${JSON.stringify(operands[most])} is too much`);
  const given = Object.entries(parsed.values).map(([name, value]) => [name, unshielded(value)]);
  return { operands, options: Object.fromEntries(given) as Arguments["options"] };
}

function unshielded<T>(word: T): T {
  return typeof word === "string" ? (word.replace("\0", "") as T) : word;
}
