export type { Ran, RunOptions as CliOptions } from "../../tools/engine/command.ts";
export { docker, imageExists, tryDocker } from "../../tools/engine/docker.ts";
