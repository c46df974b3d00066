// djinit_django as it lies in the image, with the versions of Django it is meant for.
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { tryDocker } from "../../tools/engine/docker.ts";
import { buildImage } from "../../tools/image/build-image.ts";
import { runContext } from "../support/run-context.ts";

const CONTEXT = join(import.meta.dirname, "../fixtures/djinit-django");
const DJANGOS = { "4.2": "==4.2.*", "5.2": "==5.2.*", "6": ">=6,<7" };
/** pip downloads over a network of unknown speed. */
const BUILD_TIMEOUT_MS = 600_000;

const tagOf = (version: string) => `djinit-test:django-${version}`;

afterAll(async () => {
  for (const version of Object.keys(DJANGOS)) await tryDocker(["rmi", tagOf(version)], { timeoutMs: 30_000 });
});

test.each(Object.entries(DJANGOS))(
  "Django %s",
  async (version, wanted) => {
    const { djinit } = runContext().images;
    await buildImage({
      tag: tagOf(version),
      dockerfile: join(CONTEXT, "Dockerfile"),
      context: CONTEXT,
      buildArgs: { DJINIT_IMAGE: djinit, DJANGO: wanted },
    });
    const run = ["run", "--rm", "--entrypoint", "sh", tagOf(version), "-c"];
    const script = "python -c 'import django; print(django.__version__)'; exec python /app/check.py";
    const ran = await tryDocker([...run, script], { timeoutMs: 60_000 });
    expect(ran.all.split("\n")[0]).toMatch(new RegExp(`^${version}\\b`));
    expect(ran.all).toMatch(/\nOK$/);
    expect(ran.ok).toBe(true);
  },
  BUILD_TIMEOUT_MS,
);
