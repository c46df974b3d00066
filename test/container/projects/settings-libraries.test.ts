import { checkProjects } from "./check.ts";
import { SETTINGS_LIBRARIES } from "./settings-libraries.ts";

checkProjects(SETTINGS_LIBRARIES);
