/** Errors: it is none of them. */
export function oneOf<Name extends string>(names: readonly Name[], word: string): Name {
  const found = names.find((name) => name === word);
  if (found === undefined)
    throw new Error(`cannot measure ${JSON.stringify(word)}: it is none of ${names.join(", ")}`);
  return found;
}

/** Errors: it is no whole number above 0. */
export function positive(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`cannot use ${option} ${JSON.stringify(text)}: it is no whole number above 0`);
  return number;
}
