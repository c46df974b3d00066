// What a check prints when it is complete. Status 0 proves nothing: the application may have ended the process.
import { PROGRAMS } from "../base/programs.ts";
import { isNginxDump } from "./nginx.ts";

/** djinit_load.py prints these, if gunicorn's file runs it. */
const GUNICORN_BEGUN = "checking whether the application can be loaded";
const GUNICORN_DONE = "the application can be loaded";
/** The first line of `celery report`. */
const CELERY_REPORT = /^software -> /m;

/** Whether a check that ended with 0 after printing `said` was cut short. `argv` is its command. */
export function wasCutShort(argv: readonly string[], said: string): boolean {
  const [program] = argv;
  if (program === PROGRAMS.nginx && argv.includes("-T")) return !isNginxDump(said);
  if (program === "celery" && argv.at(-1) === "report") return !CELERY_REPORT.test(said);
  const lines = said.split("\n");
  return lines.includes(GUNICORN_BEGUN) && !lines.includes(GUNICORN_DONE);
}
