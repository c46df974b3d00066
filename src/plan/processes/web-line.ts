// The web line that platforms without a boot of their own ask for: `python manage.py migrate && gunicorn shop.wsgi`.
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

/** What happens to the steps here. */
export function noteOf(steps: readonly OwnStep[]): string {
  const said = [
    ...(steps.includes("migrate") ? ["djinit migrates itself"] : []),
    ...(steps.includes("collectstatic")
      ? ["static files are collected when the image is built, or with RUN_COLLECTSTATIC=1"]
      : []),
  ];
  return `what "web" does before its server is not run: ${said.join("; ")}`;
}
