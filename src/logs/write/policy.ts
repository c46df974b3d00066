// Which records are written, and how.
import { LEVELS, type Level } from "../../base/log-level.ts";
import type { LogPlan } from "../../plan/plan.ts";
import { type Fields, formatRecord } from "../record.ts";
import { formatLogfmt } from "./logfmt.ts";
import { prettyFormat } from "./pretty.ts";
import { SkipRules } from "./skip-rules.ts";

/** If no level is set: all records of the services, and djinit's own from this level on. */
const OWN_LEVEL: Level = "info";
/** The service of the records that djinit writes about itself. */
export const OWN_SERVICE = "djinit";
/** Several processes of one name are `rq.1`, `rq.2`; hooks are `before-migrate/10-backup`. */
const HOOK_OR_NUMBER = /\/.*|\.\d+$/;

export interface LogPolicy {
  format: "json" | "logfmt" | "pretty";
  /** Whether nginx's access lines may be passed on unchanged. */
  keepsAccessLines: boolean;
  /** Whether their fields get the names of docker-django-bootstrap. */
  renamesAccessFields: boolean;
  skip: SkipRules;
  passes(service: string, level: Level): boolean;
  /** The record as it is written, newline included. */
  textOf(service: string, pid: number | undefined, nowMs: number, fields: Fields): string;
}

export interface Surroundings {
  /** stdout is a terminal: the default format is the one for people. */
  terminal: boolean;
  colour: boolean;
}

const UNATTENDED: Surroundings = { terminal: false, colour: false };
const NOTHING_ASKED: LogPlan = { levels: {}, skip: [], accessFields: "schema" };

export function makePolicy(plan: LogPlan = NOTHING_ASKED, { terminal, colour } = UNATTENDED): LogPolicy {
  const format = plan.format ?? (terminal ? "pretty" : "json");
  const renames = plan.accessFields === "nginx";
  return {
    format,
    keepsAccessLines: format === "json" && !renames,
    renamesAccessFields: renames,
    skip: new SkipRules(plan.skip),
    passes: levelFilter(plan.levels),
    textOf: { json: formatRecord, logfmt: formatLogfmt, pretty: prettyFormat(colour) }[format],
  };
}

function levelFilter({ all, services = {} }: LogPlan["levels"]): LogPolicy["passes"] {
  const rank = (level: Level): number => LEVELS.indexOf(level);
  const lowest = rank(all ?? "debug");
  const own = { [OWN_SERVICE]: all ?? OWN_LEVEL, ...services };
  const ranks = new Map(Object.entries(own).map(([service, level]) => [service, rank(level)]));
  const rankOf = (service: string): number => {
    const found = ranks.get(service.replace(HOOK_OR_NUMBER, "")) ?? lowest;
    ranks.set(service, found);
    return found;
  };
  return (service, level) => rank(level) >= (ranks.get(service) ?? rankOf(service));
}
