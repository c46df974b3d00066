// The programs of docker-django-bootstrap's image, as old Dockerfiles and compose files name them in ENTRYPOINT and CMD. The
// image's scripts of these names (docker/scripts) give them to djinit.
import type { Problem } from "../../config/problem.ts";

const INITS = /^(?:\/scripts\/|\/usr\/local\/s?bin\/)?(?:tini|dinit|dumb-init)$/;
const DJANGO = /^(?:\/scripts\/)?django-entrypoint\.sh$/;
const CELERY = /^(?:\/scripts\/)?celery-entrypoint\.sh$/;
const DJINIT = /^(?:\/usr\/local\/bin\/)?djinit$/;
/** Options of inits that take the next argument as their value. */
const INIT_VALUE_OPTIONS = new Set(["-p", "-e", "-r", "--rewrite"]);
/** What celery-entrypoint.sh took for celery's: its own commands, of any version, and flower's. */
const CELERY_COMMANDS = new Set(
  "amqp beat call control events flower graph inspect list logtool migrate multi purge report result shell status upgrade worker".split(
    " ",
  ),
);

export interface WithoutOldWords {
  argv: string[];
  /** The old words, as they were given. */
  old: string[];
}

/** What `given` means without them. */
export function withoutOldWords(given: readonly string[]): WithoutOldWords {
  let argv = [...given];
  const old: string[] = [];
  for (let [first = ""] = argv; first !== ""; [first = ""] = argv) {
    if (INITS.test(first)) argv = withoutOptions(argv.slice(1));
    else if (DJANGO.test(first) || (DJINIT.test(first) && old.length > 0)) argv = argv.slice(1);
    else if (CELERY.test(first)) argv = asCelery(argv.slice(1));
    else break;
    old.push(first);
  }
  return { argv, old };
}

/** One sentence about all of them; the arguments may hold a secret, and are not repeated. */
export function findOldWords(given: readonly string[]): Problem[] {
  const { argv, old } = withoutOldWords(given);
  if (old.length === 0) return [];
  const [first, second] = argv;
  const words = first === undefined || first.startsWith("-") ? [] : [first];
  if (first === "celery" && second !== undefined && !second.startsWith("-")) words.push(second);
  const shown = [...words.map((word) => JSON.stringify(word)), ...(argv.length > words.length ? ["…"] : [])];
  const write = `write no ENTRYPOINT (djinit is the image's own), and CMD [${shown.join(", ")}]`;
  return [{ variable: "ENTRYPOINT", problem: `${old.join(" ")} is deprecated: ${write}` }];
}

function withoutOptions(argv: string[]): string[] {
  let at = 0;
  while (argv[at]?.startsWith("-")) {
    const option = argv[at] as string;
    at += INIT_VALUE_OPTIONS.has(option) ? 2 : 1;
    if (option === "--") break;
  }
  return argv.slice(at);
}

function asCelery(argv: string[]): string[] {
  const [first = ""] = argv;
  return first.startsWith("-") || CELERY_COMMANDS.has(first) ? ["celery", ...argv] : argv;
}
