// A Dockerfile may lay a script of its own over docker-django-bootstrap's entry point.
import { readBeginning } from "../../base/untrusted-file.ts";
import type { Problem } from "../../config/problem.ts";

const SCRIPT = "/scripts/django-entrypoint.sh";
/** The image's own script, or a script that starts djinit in the end. */
const STARTS_DJINIT = /\bdjinit\b/;

/** It would be ignored in silence: the image's entry point is djinit, not this file. */
export function findReplacedScript(path = SCRIPT): Problem[] {
  try {
    if (STARTS_DJINIT.test(readBeginning(path, { mostBytes: 64 * 1024 }).toString("utf8"))) return [];
  } catch {
    return [];
  }
  const problem = `${path} is a script of the image's own, and is not run: if it is still needed, end it in \`exec djinit "$@"\` and name it in ENTRYPOINT; else remove the line that copies it`;
  return [{ variable: "ENTRYPOINT", value: path, problem }];
}
