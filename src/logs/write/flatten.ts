/** A field below this depth is one value: its JSON. */
const DEEPEST = 6;

// Part of the language that TypeScript does not know yet.
const { isRawJSON } = JSON as unknown as { isRawJSON(value: unknown): boolean };

/** Calls back for each value that is not empty, in order. A nested field is called `outer.inner`. */
export function flatten(
  fields: Record<string, unknown>,
  onValue: (name: string, text: string) => void,
  prefix = "",
  depth = 1,
): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null || value === "") continue;
    if (isFields(value) && depth < DEEPEST) flatten(value, onValue, `${prefix}${name}.`, depth + 1);
    else onValue(prefix + name, typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
  }
}

/** Arrays, and numbers that are kept digit by digit, are values. */
function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isRawJSON(value);
}
