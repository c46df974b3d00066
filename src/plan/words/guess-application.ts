import type { Config } from "../../config/variables.ts";
import type { WebServerName } from "../servers/table.ts";

/** Where Django's startproject puts it, for an example of what to write. */
export function guessApplication({ settingsModule }: Config, server?: WebServerName): string {
  const kind = server === undefined ? "wsgi" : "asgi";
  return `${settingsModule?.split(".")[0] ?? "project"}.${kind}:application`;
}
