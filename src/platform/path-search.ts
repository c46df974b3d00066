import { accessSync, constants, statSync } from "node:fs";
import { join, resolve } from "node:path";

/** Where the programs of the image itself are. The PATH of the container is the application's. */
export const SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** The file that the shell would run for `command`, or undefined if there is none. */
export function findCommand(command: string, path: string | undefined, cwd: string): string | undefined {
  if (command.includes("/")) return isExecutable(resolve(cwd, command)) ? resolve(cwd, command) : undefined;
  return (path ?? "/usr/local/bin:/usr/bin:/bin")
    .split(":")
    .map((directory) => join(directory || cwd, command))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
