// A celery worker that is told to be a beat as well: two services in one process.
import type { Problem } from "../../config/problem.ts";
import { findFlag } from "../daemon-options.ts";
import type { Invocation } from "../role.ts";

/** A sentence about it. */
export function findBeatInside({ role, celery }: Invocation): Problem[] {
  const word = role === "worker" ? findFlag(celery?.rest ?? [], "B", "--beat") : undefined;
  if (word === undefined) return [];
  const what = `the CMD has \`${word}\`: the worker is a beat as well, and each further container of it sends every scheduled task once more`;
  const write = `leave it out, and start one beat: CMD ["celery", "beat"], or CELERY_BEAT=1 beside web`;
  return [{ variable: "CMD", value: word, problem: `${what}; ${write}` }];
}
