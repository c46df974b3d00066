// What a check prints when it is complete. Status 0 proves nothing: the application may have ended the process.
import { PROGRAMS } from "../base/programs.ts";
import { isNginxDump } from "./nginx.ts";

/** djinit_load.py prints these, if gunicorn's file runs it. */
const GUNICORN_BEGUN = "checking whether the application can be loaded";
const GUNICORN_DONE = "the application can be loaded";
/** The first line of `celery report`. */
const CELERY_REPORT = /^software -> /;

/** Reads what a check prints, line by line: an application may print without an end while it is loaded. */
export interface CheckProof {
  line(text: string): void;
  /** Whether a check that has ended with 0 by now was cut short. */
  readonly isCutShort: boolean;
}

/** `argv` is the check's command. */
export function proofOf(argv: readonly string[]): CheckProof {
  const [program] = argv;
  if (showsFiles(argv)) return new Shown(isNginxDump);
  if (program === "celery" && argv.at(-1) === "report") return new Shown((line) => CELERY_REPORT.test(line));
  return new Ended(GUNICORN_BEGUN, GUNICORN_DONE);
}

/** Whether the check's output is needed as a whole: nginx dumps its files. */
export function showsFiles([program, ...args]: readonly string[]): boolean {
  return program === PROGRAMS.nginx && args.includes("-T");
}

/** One line has to come. */
class Shown implements CheckProof {
  readonly #isIt: (line: string) => boolean;
  isCutShort = true;

  constructor(isIt: (line: string) => boolean) {
    this.#isIt = isIt;
  }

  line(text: string): void {
    if (this.isCutShort && this.#isIt(text)) this.isCutShort = false;
  }
}

/** Where the first line comes, the second has to come too. */
class Ended implements CheckProof {
  readonly #first: string;
  readonly #last: string;
  #hasBegun = false;
  #hasEnded = false;

  constructor(first: string, last: string) {
    this.#first = first;
    this.#last = last;
  }

  get isCutShort(): boolean {
    return this.#hasBegun && !this.#hasEnded;
  }

  line(text: string): void {
    if (text === this.#first) this.#hasBegun = true;
    if (text === this.#last) this.#hasEnded = true;
  }
}
