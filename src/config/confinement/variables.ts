// The rows of the table about what the kernel lets a process reach. Part of variables.ts.
import * as v from "valibot";
import { choice, directory, flag } from "../value-types.ts";
import { variable } from "../variable.ts";

/** Separated by colons. */
const directories = () =>
  v.pipe(
    v.string(),
    v.transform((text) => text.split(":").filter((path) => path !== "")),
    v.array(directory()),
  );

export const CONFINEMENT_VARIABLES = {
  confine: variable(
    "DJINIT_CONFINE",
    choice("off", "nginx", "all"),
    "nginx: the kernel (Landlock) lets nginx reach only what its files and the settings name, and execute nothing; all: it also lets the other services, the boot's steps and hooks write only to the project's directory, to temporary ones and to DJINIT_WRITABLE; off: whatever their users may.",
    { default: "nginx" },
  ),
  writable: variable(
    "DJINIT_WRITABLE",
    directories(),
    "Further directories, with colons, that a confined process may read and write.",
  ),
  coreFiles: variable(
    "DJINIT_CORE_FILES",
    flag(),
    "The project's processes may leave core files, as large as the container's limit lets them. Without it no process of the container leaves one: it holds every secret that its process has.",
    { default: "" },
  ),
} as const;
