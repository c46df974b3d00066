import { accessSync, constants, statSync } from "node:fs";
import { join, resolve } from "node:path";

/** The file that the shell would run for `command`, or undefined if there is none. */
export function findCommand(command: string, path: string | undefined, cwd: string): string | undefined {
  return candidates(command, path, cwd).find(isExecutable);
}

/** All that may be run for it: the kernel may not be able to run the first, and then the next one is taken. */
export function findCommands(command: string, path: string | undefined, cwd: string): string[] {
  return candidates(command, path, cwd).filter(isExecutable);
}

function candidates(command: string, path: string | undefined, cwd: string): string[] {
  if (command.includes("/")) return [resolve(cwd, command)];
  return (path ?? "/usr/local/bin:/usr/bin:/bin")
    .split(":")
    .map((directory) => join(directory || cwd, command));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
