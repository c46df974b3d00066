/** Prints one line for the user. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The time since `performance.now()` returned `startMs`, for people: `1.2 s`. */
export function secondsSince(startMs: number): string {
  return `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
}

/** Runs a script's main function: an error becomes one line on stderr and status 1. */
export async function main(body: () => Promise<number | undefined>): Promise<void> {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
