import { PRIVATE_PARENTS, RUN_DIRECTORY } from "../../plan/paths.ts";
import { findPrivateDirectory } from "../../platform/private-directory.ts";

/** What serves as /run for the djinit that runs this container. */
export function findRunDirectory(): string {
  return findPrivateDirectory(PRIVATE_PARENTS) ?? RUN_DIRECTORY;
}
