// Whether everybody who is to work in the project's directory can.
import { closeSync, constants, openSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import * as v from "valibot";
import type { Problem } from "../../config/problem.ts";
import { type Config, VARIABLES } from "../../config/variables.ts";
import { DJANGO_USER, SUPERVISOR_USER } from "../../plan/paths.ts";
import type { Invocation } from "../../plan/role.ts";
import { findAccount, withRightsOf } from "../../platform/credentials.ts";

const LIST = constants.O_RDONLY | constants.O_DIRECTORY;

/** What is wrong with it, if anything is. Whoever starts a process there must be able to enter it: PID 1 is user djinit then. */
export function findAppDirectoryProblems({ appDirectory }: Config, isRoot: boolean): Problem[] {
  // A bad value of the variable has been found before.
  if (appDirectory === undefined) return [];
  const { name, schema } = VARIABLES.appDirectory;
  const refuse = (problem: string): Problem[] => [{ variable: name, value: appDirectory, problem }];
  const what = `the application's directory ${JSON.stringify(appDirectory)} (WORKDIR, or ${name})`;
  if (!v.is(schema, appDirectory))
    return refuse(`${what} cannot be used: a space, quote, colon or $ is in its name`);
  for (const user of isRoot ? [DJANGO_USER, SUPERVISOR_USER] : [undefined]) {
    const closed = findClosed(appDirectory, user);
    if (closed !== undefined)
      return refuse(
        `${what} is closed to ${user === undefined ? "the container's user" : `user ${user}`}: \`chmod a+rx ${closed}\`, or put the project elsewhere`,
      );
  }
  if (!isDirectory(appDirectory)) return refuse(`${what} is not there, or no directory`);
  return [];
}

/** Directories below it that lines of the Procfile change to, and that are not there. */
export function findLineDirectoryProblems(invocation: Invocation, { appDirectory }: Config): Problem[] {
  const all = [invocation, ...(invocation.beside ?? []).map((process) => process.invocation)];
  return all.flatMap(({ name, celery }) => {
    const { directory } = celery?.surroundings ?? {};
    const path = resolve(appDirectory, directory ?? "");
    if (directory === undefined || isDirectory(path)) return [];
    const problem = `the Procfile's ${name} changes to ${JSON.stringify(path)}, which is not there, or no directory`;
    return [{ variable: "Procfile", value: directory, problem }];
  });
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    // Below a file.
    return false;
  }
}

/** The first directory on the way there that the user may not enter, or not look into where it is the last. */
function findClosed(appDirectory: string, user: string | undefined): string | undefined {
  const way = [appDirectory];
  for (let path = appDirectory; path !== "/"; path = dirname(path)) way.unshift(dirname(path));
  return way.find((path) => {
    const enter = (): void =>
      path === appDirectory ? closeSync(openSync(`${path}/.`, LIST)) : void statSync(`${path}/.`);
    try {
      user === undefined ? enter() : withRightsOf(findAccount(user), enter);
      return false;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "EACCES";
    }
  });
}
