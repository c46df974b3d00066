// The web line that platforms without a boot of their own ask for: `python manage.py migrate && gunicorn shop.wsgi`.
import type { Config } from "../../config/variables.ts";
import { isPlainCollectstatic, isPlainMigrate } from "../words/schema-command.ts";

/** A command of a line that is djinit's own step. */
export type OwnStep = "migrate" | "collectstatic";

/** The last command, and the steps before it; undefined where anything else stands there, or nothing. */
export function readWebLine(line: string): { command: string; steps: OwnStep[] } | undefined {
  const commands = line.split("&&").map((it) => it.trim());
  const command = commands.pop() ?? "";
  const steps = commands.map((it) =>
    isPlainMigrate(it) ? "migrate" : isPlainCollectstatic(it) ? "collectstatic" : undefined,
  );
  return steps.length > 0 && steps.every((it) => it !== undefined) ? { command, steps } : undefined;
}

/** What happens to the steps in a web container of this configuration. */
export function noteOf(steps: readonly OwnStep[], config: Config): string {
  const said = [
    ...(steps.includes("migrate") ? [whoMigrates(config)] : []),
    ...(steps.includes("collectstatic")
      ? ["static files are collected when the image is built, or with RUN_COLLECTSTATIC=1"]
      : []),
  ];
  return `what "web" does before its server is not run: ${said.join("; ")}`;
}

function whoMigrates({ migrations, skipMigrations, web }: Config): string {
  if (web === "nginx") return "migrating is left to the container with DJINIT_WEB=application";
  switch (migrations ?? (skipMigrations ? "skip" : "run")) {
    case "run":
      return "djinit migrates itself";
    case "wait":
      return "djinit waits until another container has migrated, as DJINIT_MIGRATIONS=wait says";
    case "check":
      return "djinit only checks that another container has migrated, as DJINIT_MIGRATIONS=check says";
    case "skip":
      return `nobody migrates here, as ${migrations === undefined ? "SKIP_MIGRATIONS" : "DJINIT_MIGRATIONS=skip"} says`;
  }
}
