// A celery worker that is told to be a beat as well: two services in one process.
import type { Problem } from "../../config/problem.ts";
import { findFlag } from "../daemon-options.ts";
import type { Invocation } from "../role.ts";

/** A sentence about it, and about each that runs beside web. */
export function findBeatInside(invocation: Invocation): Problem[] {
  const beside = (invocation.beside ?? []).map((process) => process.invocation);
  return [invocation, ...beside].flatMap(problemOf);
}

function problemOf({ role, celery, name }: Invocation): Problem[] {
  const value = role === "worker" ? findFlag(celery?.rest ?? [], "B", "--beat") : undefined;
  if (value === undefined) return [];
  const where = name === undefined ? "the CMD" : `the entry ${JSON.stringify(name)} of the Procfile`;
  const what = `${where} has \`${value}\`: the worker is a beat as well, and each further one sends every scheduled task once more`;
  const write = `leave it out, and start one beat: CMD ["celery", "beat"], or CELERY_BEAT=1 beside web`;
  return [{ variable: name === undefined ? "CMD" : "Procfile", value, problem: `${what}; ${write}` }];
}
