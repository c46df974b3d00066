// The settings that the project's manage.py names, as startproject writes it. For an error: who starts manage.py needs no variable.
import { join } from "node:path";
import { readBeginning } from "../../base/untrusted-file.ts";

const MOST_BYTES = 64 * 1024;
const NAMED = /["']DJANGO_SETTINGS_MODULE["']\s*[,\]]\s*=?\s*["']([A-Za-z_][\w.]*)["']/;

/** Undefined where there is none, or it does not say so in plain words. */
export function settingsOfManage(appDirectory: string): string | undefined {
  try {
    const text = readBeginning(join(appDirectory, "manage.py"), { mostBytes: MOST_BYTES }).toString("utf8");
    return NAMED.exec(text)?.[1];
  } catch {
    return undefined;
  }
}
