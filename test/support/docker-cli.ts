export type { Ran, RunOptions as CliOptions } from "../../docker/build/command.ts";
export { docker, imageExists, tryDocker } from "../../docker/build/docker.ts";
