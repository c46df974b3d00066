// One row of the table of variables.
import type * as v from "valibot";

export type Schema = v.GenericSchema<string, unknown>;

export interface Variable<S extends Schema = Schema, D extends string | undefined = string | undefined> {
  name: string;
  schema: S;
  /** The text used when the variable is not set or empty. */
  default: D;
  about: string;
  /** Never printed; may also be given as NAME_FILE. */
  secret?: boolean;
  /** Never printed, though it may not be given as NAME_FILE. */
  masked?: boolean;
  /** For the boot: no service gets it, nor NAME_FILE. A name that ends with `*` stands for all that begin so. */
  bootOnly?: boolean;
  /** Read by the service itself; djinit only checks it. */
  passedOn?: boolean;
  /** What to use instead. */
  deprecated?: string;
}

export function variable<S extends Schema, D extends string | undefined = undefined>(
  name: string,
  schema: S,
  about: string,
  more: Omit<Variable, "name" | "schema" | "about" | "default"> & { default?: D } = {},
): Variable<S, D> {
  return { name, schema, about, ...more, default: more.default as D };
}
