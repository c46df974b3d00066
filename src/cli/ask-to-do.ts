import type { Done, Request } from "../control/protocol.ts";
import { ask } from "./ask-control.ts";

/** Asks for something that may take long, and prints the result. Exit status 0 or 1. Errors: those of `ask`. */
export async function askToDo(request: Request): Promise<number> {
  const { done, ok } = await ask<Done>(request, "patient");
  console.log(done);
  return ok ? 0 : 1;
}
