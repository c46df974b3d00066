import { VERSION } from "../../base/version.ts";

export function version(): number {
  console.log(VERSION);
  return 0;
}
