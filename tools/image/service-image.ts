import { fileURLToPath } from "node:url";
import { DEBIAN, ensureBaseImage } from "./base-image.ts";
import { buildImage } from "./build-image.ts";

/** The services a demonstration or a test puts beside djinit: one Dockerfile in tools/stand-ins/ each. */
export const SERVICE_IMAGES = {
  postgres: "djinit-postgres:trixie",
  redis: "djinit-redis:trixie",
  pgbouncer: "djinit-pgbouncer:trixie",
  mariadb: "djinit-mariadb:trixie",
  prometheus: "djinit-prometheus:trixie",
} as const;

export type ServiceName = keyof typeof SERVICE_IMAGES;

const standInsDir = fileURLToPath(new URL("../stand-ins/", import.meta.url));

/** Builds a service's image (the builder's cache makes this quick when it exists). Returns its name. */
export async function ensureServiceImage(service: ServiceName): Promise<string> {
  await ensureBaseImage(DEBIAN);
  const tag = SERVICE_IMAGES[service];
  await buildImage({ tag, dockerfile: `${standInsDir}${service}.Dockerfile`, context: standInsDir });
  return tag;
}
