import type { Config } from "../../config/variables.ts";

/** Where Django's startproject puts it, for an example of what to write. */
export function guessApplication({ settingsModule }: Config): string {
  return `${settingsModule?.split(".")[0] ?? "project"}.wsgi:application`;
}
