/** The value of an option in the forms `-l x`, `-lx`, `--loglevel x` and `--loglevel=x`; the last one counts. */
export function optionValue(args: readonly string[], short: string, long: string): string | undefined {
  let value: string | undefined;
  for (const [at, word] of args.entries()) {
    if (word === short || word === long) value = args[at + 1];
    else if (word.startsWith(`${long}=`)) value = word.slice(long.length + 1);
    else if (word.startsWith(short)) value = word.slice(short.length);
  }
  return value;
}
