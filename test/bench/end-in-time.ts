/** Ends this process, and with it every container of the run, on Ctrl-C and when it takes too long. */
export function endInTime(minutes: number): void {
  // `exit` is where the run's containers are removed; a signal's default action would skip it.
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  setTimeout(() => {
    process.stderr.write(`cannot finish the bench: no end after ${minutes} minutes\n`);
    process.exit(1);
  }, minutes * 60_000).unref();
}
