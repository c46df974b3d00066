import { checkProjects } from "./check.ts";
import { WEB_SERVERS } from "./web-servers.ts";

checkProjects(WEB_SERVERS);
