import { DjinitError } from "../base/errors.ts";
import type { Plan } from "../plan/plan.ts";
import { findCommand } from "../platform/path-search.ts";

/** Errors: DJINIT_UNKNOWN_COMMAND when a program the plan starts is not in the image. */
export function requireCommands({ services }: Plan, environment: NodeJS.ProcessEnv): void {
  for (const { argv, cwd } of services) {
    const [command = ""] = argv;
    if (findCommand(command, environment["PATH"], cwd) !== undefined) continue;
    throw new DjinitError(
      "DJINIT_UNKNOWN_COMMAND",
      `cannot find command ${JSON.stringify(command)}${suggestion(argv)}`,
      {
        fields: { command, path: environment["PATH"] },
      },
    );
  }
}

function suggestion([command = ""]: readonly string[]): string {
  if (command === "celery") return ": celery is not installed; add it to the application's requirements";
  if (command === "worker" || command === "beat") return `; did you mean \`celery ${command}\`?`;
  if (/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$/.test(command)) return `; did you mean ${command}:application?`;
  if (/^[A-Za-z_][\w.-]*:/.test(command)) return ": it is no `package.module:attribute` either";
  return "";
}
