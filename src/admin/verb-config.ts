import { loadConfig } from "../config/load.ts";
import { VARIABLES, type Variable } from "../config/variables.ts";
import { alignColumns } from "./verb-status.ts";

/** Every variable with its value or default; secrets masked. Exit status 78 when a value is bad. */
export function config(): number {
  const { environment, problems } = loadConfig(process.env);
  const rows = (Object.values(VARIABLES) as Variable[]).map(({ name, secret, default: fallback, about }) => {
    const given = environment[name];
    const value = given ? (secret ? "********" : given) : fallback || "-";
    return [name, value, given ? "set" : "default", about];
  });
  for (const line of alignColumns([["VARIABLE", "VALUE", "FROM", "ABOUT"], ...rows])) console.log(line);
  for (const { problem } of problems) console.error(problem);
  return problems.length === 0 ? 0 : 78;
}
