import { checkProjects } from "./check.ts";
import { SERVERS } from "./servers.ts";

checkProjects(SERVERS);
