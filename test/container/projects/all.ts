import { FILES_AND_USERS } from "./files-and-users.ts";
import { LAYOUTS } from "./layouts.ts";
import type { Project } from "./project.ts";

export const PROJECTS: readonly Project[] = [...LAYOUTS, ...FILES_AND_USERS];
