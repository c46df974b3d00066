import { FILES_AND_USERS } from "./files-and-users.ts";
import { LAYOUTS } from "./layouts.ts";
import { LOGGING } from "./logging.ts";
import type { Project } from "./project.ts";
import { SERVERS } from "./servers.ts";
import { SETTINGS_LIBRARIES } from "./settings-libraries.ts";
import { WEB_SERVERS } from "./web-servers.ts";

export const PROJECTS: readonly Project[] = [
  ...LAYOUTS,
  ...SETTINGS_LIBRARIES,
  ...FILES_AND_USERS,
  ...SERVERS,
  ...WEB_SERVERS,
  ...LOGGING,
];
