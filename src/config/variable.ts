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
