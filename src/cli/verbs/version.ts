import { VERSION } from "../../base/version.ts";
import { readArguments } from "../arguments.ts";

export const versionUsage = "version";

export function version(args: readonly string[]): number {
  readArguments(args, { usage: versionUsage });
  console.log(VERSION);
  return 0;
}
