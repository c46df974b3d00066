import { fileURLToPath } from "node:url";
import { DEBIAN, ensureBaseImage } from "./base-image.ts";
import { buildImage } from "./build-image.ts";

/** The services that the demo and tests run beside djinit: one Dockerfile each in tools/stand-ins/. */
export const SERVICE_IMAGES = {
  postgres: "djinit-postgres:trixie",
  redis: "djinit-redis:trixie",
  pgbouncer: "djinit-pgbouncer:trixie",
  mariadb: "djinit-mariadb:trixie",
  prometheus: "djinit-prometheus:trixie",
} as const;

export type ServiceName = keyof typeof SERVICE_IMAGES;

/** What only the tests of engines need: built when one of them asks. */
export const ENGINE_IMAGES = {
  compose: "djinit-compose:trixie",
  haproxy: "djinit-haproxy:trixie",
  "swarm-node": "djinit-swarm-node:trixie",
} as const;

const standInsDir = fileURLToPath(new URL("../stand-ins/", import.meta.url));

/** Builds a service's image, which is quick from the builder's cache. Returns its name. */
export async function ensureServiceImage(service: ServiceName | keyof typeof ENGINE_IMAGES): Promise<string> {
  await ensureBaseImage(DEBIAN);
  const tag = { ...SERVICE_IMAGES, ...ENGINE_IMAGES }[service];
  await buildImage({ tag, dockerfile: `${standInsDir}${service}.Dockerfile`, context: standInsDir });
  return tag;
}
