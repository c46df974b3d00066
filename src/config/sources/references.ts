// References to values in Vault: `vault:PATH#KEY` as the whole value of a variable, or `{vault:PATH#KEY}` anywhere in it.

export interface Reference {
  path: string;
  key: string;
}

/** The pieces of a value, in their order. */
export type Piece = string | Reference;

/** `vault:v1:…` is what Vault's transit engine has encrypted, and `vault://…` an address: both are the application's own. */
const WHOLE = /^vault:(?!\/\/|v\d+:)(?<path>[^#{}]*)(?:#(?<key>.*))?$/s;
const INSIDE = /\{vault:(?<path>[^#{}]*)(?:#(?<key>[^{}]*))?\}/g;
const IS_URL = /^[a-z][a-z0-9+.-]*:\/\//i;
/** Vault's own paths: segments without a way up, a query or a fragment. */
const PATH = /^(?!\.{1,2}(\/|$))[^\s/?#%{}\\]+(\/(?!\.{1,2}(\/|$))[^\s/?#%{}\\]+)+$/;

export function hasReference(value: string): boolean {
  return WHOLE.test(value) || value.includes("{vault:");
}

/** Whether a variable has one. */
export function hasReferences(environment: Readonly<Record<string, string | undefined>>): boolean {
  return Object.values(environment).some((value) => value !== undefined && hasReference(value));
}

/** Errors: says what is wrong with a reference. It has no value in it yet, but the text around it may be a secret. */
export function readPieces(value: string): Piece[] {
  const whole = WHOLE.exec(value);
  if (whole !== null) return [asReference(whole)];
  const pieces: Piece[] = [];
  let at = 0;
  for (const found of value.matchAll(INSIDE)) {
    pieces.push(value.slice(at, found.index), asReference(found));
    at = found.index + found[0].length;
  }
  const rest = value.slice(at);
  if (rest.includes("{vault:")) throw new Error("has a reference that is not {vault:PATH#KEY}");
  return [...pieces, rest].filter((piece) => piece !== "");
}

function asReference({ groups }: RegExpExecArray | RegExpMatchArray): Reference {
  const { path = "", key = "" } = groups ?? {};
  const name = `vault:${path}`;
  if (!PATH.test(path))
    throw new Error(`has ${JSON.stringify(name)}, which is no path such as vault:secret/app#KEY`);
  if (key === "") throw new Error(`has ${JSON.stringify(name)} without #KEY: say which of its values`);
  return { path, key };
}

export function referencesOf(pieces: readonly Piece[]): Reference[] {
  return pieces.filter((piece) => typeof piece !== "string");
}

/** `vault:PATH#KEY`, with commas: where the value comes from. */
export function describeReferences(pieces: readonly Piece[]): string {
  return referencesOf(pieces)
    .map(({ path, key }) => `vault:${path}#${key}`)
    .join(", ");
}

/** The value itself. In a URL each part from Vault is percent-encoded. */
export function fillIn(pieces: readonly Piece[], textOf: (reference: Reference) => string): string {
  const [first] = pieces;
  const isUrl = typeof first === "string" && IS_URL.test(first);
  return pieces
    .map((piece) => {
      if (typeof piece === "string") return piece;
      return isUrl ? encodeURIComponent(textOf(piece)) : textOf(piece);
    })
    .join("");
}
