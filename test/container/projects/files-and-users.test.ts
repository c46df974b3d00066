import { checkProjects } from "./check.ts";
import { FILES_AND_USERS } from "./files-and-users.ts";

checkProjects(FILES_AND_USERS);
