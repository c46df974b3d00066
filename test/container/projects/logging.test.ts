import { checkProjects } from "./check.ts";
import { LOGGING } from "./logging.ts";

checkProjects(LOGGING);
