import { checkProjects } from "./check.ts";
import { LAYOUTS } from "./layouts.ts";

checkProjects(LAYOUTS);
