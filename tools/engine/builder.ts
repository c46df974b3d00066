/** BuildKit is the engine's own builder from this major version on. */
const FIRST_WITH_BUILDKIT = 23;

/**
 * DOCKER_BUILDKIT for `docker build`: `"0"`, the legacy builder, for an engine older than 23 or a client without buildx.
 * Undefined leaves the choice to the client.
 */
export function chooseBuilder(engine: { version: string; buildx: boolean }): "0" | undefined {
  const major = Number.parseInt(engine.version, 10);
  if (!engine.buildx) return "0";
  return major < FIRST_WITH_BUILDKIT ? "0" : undefined;
}
