// What a check says when it has come to its end: status 0 alone may be that of an application that has ended the process.
import { isNginxDump } from "./nginx.ts";

/** Said by djinit_load.py, where gunicorn reads a file that runs it. */
const GUNICORN_BEGUN = "checking whether the application can be loaded";
const GUNICORN_DONE = "the application can be loaded";
/** The first line of `celery report`. */
const CELERY_REPORT = /^software -> /m;

/** Whether a check that ended with 0, and has said this, was cut short. `argv` is its command. */
export function wasCutShort(argv: readonly string[], said: string): boolean {
  const [program] = argv;
  if (program === "nginx" && argv.includes("-T")) return !isNginxDump(said);
  if (program === "celery" && argv.at(-1) === "report") return !CELERY_REPORT.test(said);
  const lines = said.split("\n");
  return lines.includes(GUNICORN_BEGUN) && !lines.includes(GUNICORN_DONE);
}
