import { plainArgv, shellLine } from "./shell-line.ts";

const MANAGEMENT = /(^|\/)(manage\.py|django-admin|django)$/;
/** Django's own, and django-tenants'. */
const ABOUT_SCHEMA =
  /^(migrate|migrate_schemas|makemigrations|showmigrations|squashmigrations|optimizemigration|sqlmigrate|dbshell)$/;

/** Whether a command is there to change the schema, or to look at it: it must not wait for it. */
export function isAboutSchema(argv: readonly string[]): boolean {
  const line = shellLine(argv);
  const words = line === undefined ? argv : line.split(/[\s;&|()"']+/);
  return words.some((word, at) => MANAGEMENT.test(word) && ABOUT_SCHEMA.test(words[at + 1] ?? ""));
}

/** Django's `migrate` of everything, and nothing else. */
export function isPlainMigrate(line: string): boolean {
  return isPlain(line, "migrate", /^--no-?input$/);
}

/** Django's `collectstatic` of everything, to where the settings say. */
export function isPlainCollectstatic(line: string): boolean {
  return isPlain(line, "collectstatic", /^(--no-?input|--clear|-c)$/);
}

function isPlain(line: string, name: string, option: RegExp): boolean {
  const [program = "", ...rest] = plainArgv(line) ?? [];
  const words = /^python(3(\.\d+)?)?$/.test(program) ? rest : [program, ...rest];
  const [script = "", command, ...options] = words;
  return MANAGEMENT.test(script) && command === name && options.every((it) => option.test(it));
}
