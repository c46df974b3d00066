// Virtual environments that are not the image's own, and scripts that the kernel cannot run: each error says which, and what to do.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { buildImage } from "../../tools/image/build-image.ts";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { runContainer } from "../support/docker.ts";
import { runContext } from "../support/run-context.ts";
import { runAttached } from "./attached.ts";
import { failsWith } from "./failure.ts";

const tag = `djinit-test-environments:${IMAGE_VERSION}`;
/** Where Docker's `python` images and uv's have their Python. */
const ELSEWHERE = "/usr/local/bin/python3.99";
const PATH = "/opt/venv/bin:/usr/local/bin:/usr/bin:/bin";

const LINES = [
  "RUN mkdir shop && echo 'import django' > shop/wsgi.py && touch shop/__init__.py",
  // As `uv sync` and poetry make it in the project.
  "RUN python -m venv --without-pip .venv",
  // As uv makes it in an image with another Python, and as venv does.
  `RUN python -m venv --without-pip /srv/uv && ln -sf ${ELSEWHERE} /srv/uv/bin/python && printf '#!/srv/uv/bin/python\\n' > /srv/uv/bin/serve && chmod 755 /srv/uv/bin/serve`,
  "RUN python -m venv --without-pip /srv/slim && ln -sf /usr/local/bin/python3 /srv/slim/bin/python",
  "RUN printf '#!/bin/sh\\r\\nexec true\\r\\n' > start.sh && chmod 755 start.sh",
];

beforeAll(async () => {
  const context = await mkdtemp(join(tmpdir(), "environments-"));
  try {
    const dockerfile = join(context, "Dockerfile");
    await writeFile(dockerfile, `${[`FROM ${runContext().images.djinit}`, ...LINES].join("\n")}\n`);
    await buildImage({ tag, dockerfile, context });
  } finally {
    await rm(context, { recursive: true });
  }
});

const MISSING = "cannot load the application of gunicorn: ModuleNotFoundError: No module named 'django'; ";

test.each([
  [
    "is not on PATH",
    PATH,
    "the virtual environment /app/.venv is not on PATH: ENV PATH=/app/.venv/bin:$PATH",
  ],
  [
    "has no gunicorn",
    `/app/.venv/bin:${PATH}`,
    "gunicorn is that of /opt/venv, and /app/.venv comes first on PATH: install gunicorn there, too",
  ],
  [
    "is another image's",
    `/srv/uv/bin:${PATH}`,
    `the virtual environment /srv/uv is another image's, for its bin/python leads to ${ELSEWHERE}, which is not in the image: make it in a stage FROM djinit`,
  ],
])("an environment that %s is named where Django is missing", async (_, path, way) => {
  await using container = await runContainer({
    image: tag,
    command: ["shop.wsgi:application"],
    env: { PATH: path, DJINIT_MIGRATIONS: "skip" },
    publish: [],
  });
  const { msg } = await failsWith(container, { status: 78, code: "DJINIT_APPLICATION_FAILED" });
  expect(msg).toBe(MISSING + way);
});

test.each([
  [
    "/srv/uv/bin/serve",
    `its first line names /srv/uv/bin/python, which leads to ${ELSEWHERE}, which is not in the image`,
  ],
  [
    "/app/start.sh",
    "its first line ends in CR LF, as on Windows: save it with LF (`* text=auto eol=lf` in .gitattributes)",
  ],
])("%s cannot be run, and the error says why", async (command, problem) => {
  await using container = await runContainer({ image: tag, command: [command], publish: [] });
  const { msg } = await failsWith(container, { status: 78, code: "DJINIT_UNKNOWN_COMMAND", on: "stderr" });
  expect(msg).toBe(`cannot run ${command}: ${problem}`);
});

test.each([
  ["of the project's", "exec /srv/slim/bin/python --version"],
  // Copied from a stage FROM python: it leads to the image's Python, which leads to it.
  [
    "in the place of the image's",
    "ln -sf /usr/local/bin/python /opt/venv/bin/python3 && exec timeout 10 python --version",
  ],
])("an environment of Docker's `python`, %s, says that it is one", async (_, line) => {
  const { status, stderr } = await runAttached({
    image: tag,
    command: ["-c", line],
    more: ["--entrypoint", "sh"],
  });
  expect(stderr).toMatch(
    /^djinit: \/\S+\/bin\/python leads to the Python of the image in which .*stage FROM djinit/,
  );
  expect(status).toBe(78);
});
