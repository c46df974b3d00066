/** What a start has run to see what is pending. */
export type PathTaken = "no Python" | "settings imported" | "Django started";

/** By the text of a container's log. */
export function pathTaken(log: string): PathTaken {
  const steps = [...log.matchAll(/step (\S+) finished in /g)].map(([, step]) => step);
  if (steps.some((step) => step !== "read-settings")) return "Django started";
  return steps.length > 0 ? "settings imported" : "no Python";
}
