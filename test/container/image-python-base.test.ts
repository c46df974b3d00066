// The image on a base that brings a Python of its own.
import { afterAll, beforeAll, expect, test } from "vitest";
import { tryDocker } from "../../tools/engine/docker.ts";
import { buildDjinit } from "../../tools/image/image.ts";
import { type NginxSubject, startSubject } from "./nginx-subject.ts";

const BASE = "python:3.14-slim-trixie";
const TAG = "djinit-test:python-base";
/** Where the base cannot be pulled, a stand-in for it is made first. */
const BUILD_TIMEOUT_MS = 600_000;

let subject: NginxSubject;

beforeAll(async () => {
  await buildDjinit({ base: BASE, tag: TAG });
  subject = await startSubject({}, 8000, TAG);
}, BUILD_TIMEOUT_MS);

afterAll(async () => {
  await subject?.remove();
  await tryDocker(["rmi", TAG], { timeoutMs: 30_000 });
});

test("web serves through nginx and gunicorn", async () => {
  expect((await subject.echo("/hello")).path).toBe("/hello");
});

test("the virtual environment is of the base's Python, and Debian's was not installed beside it", async () => {
  const python = await tryDocker(
    [
      "run",
      "--rm",
      "--entrypoint",
      "sh",
      TAG,
      "-c",
      "python --version; ls -l /opt/venv/bin/python3; ls /usr/bin",
    ],
    { timeoutMs: 30_000 },
  );
  expect(python.all).toMatch(/^Python 3\.14\./);
  expect(python.all).not.toMatch(/\bpython3\.13\b/);
});
