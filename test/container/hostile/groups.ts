// All tables, by their names.
import type { HostileCase } from "./case.ts";
import { CONTROL_CHARACTERS } from "./control-characters.ts";
import { HOSTS } from "./hosts.ts";
import { LOG_FORGING } from "./log-forging.ts";
import { MEDIA_TYPES } from "./media-types.ts";
import { METHODS } from "./methods.ts";
import { OVERSIZE } from "./oversize.ts";
import { RANGES } from "./ranges.ts";
import { SMUGGLING } from "./smuggling.ts";
import { SPOOFING } from "./spoofing.ts";
import { TRAVERSAL } from "./traversal.ts";

export const GROUPS: readonly (readonly [string, readonly HostileCase[]])[] = [
  ["smuggling", SMUGGLING],
  ["hosts", HOSTS],
  ["methods", METHODS],
  ["spoofing", SPOOFING],
  ["traversal", TRAVERSAL],
  ["oversize", OVERSIZE],
  ["control characters", CONTROL_CHARACTERS],
  ["log forging", LOG_FORGING],
  ["ranges", RANGES],
  ["media types", MEDIA_TYPES],
];
