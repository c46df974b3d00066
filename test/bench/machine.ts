import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";

/** On what it was measured, in one sentence. */
export function machine(): string {
  const gigabytes = (totalmem() / 1e9).toFixed(0);
  const processors = availableParallelism();
  const model = cpus()[0]?.model ?? "unknown";
  // The bench alone keeps it below: what is above is other work, which takes its time from both designs.
  const load = (loadavg()[2] ?? 0).toFixed(1);
  return `${processors} × ${model}, ${gigabytes} GB, Linux ${release()}; load average of the last 15 minutes: ${load}.`;
}
