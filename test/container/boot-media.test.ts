// Volumes of uploads that somebody else owns.
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { runContext } from "../support/run-context.ts";
import { startReadyProject } from "./project-subject.ts";
import { startSite, warningsOf } from "./site-subject.ts";
import { makeVolume } from "./volume.ts";

const FILL = "mkdir -p deep/er; touch top deep/er/file; ln -s /etc/nginx out; ln -s nowhere dangling";
const OWNERS = "find . -printf '%p %U:%G\\n' | sort";
const ENV = { SKIP_MIGRATIONS: "1" };

test("a volume of root's becomes django's with all that is in it; links lead nowhere", async () => {
  const [media, mediafiles] = await Promise.all([makeVolume(FILL), makeVolume("touch file")]);
  await using container = await startReadyProject({
    env: ENV,
    volumes: [`${media}:/app/media`, `${mediafiles}:/app/mediafiles`],
  });
  const owners = await container.output(["sh", "-c", OWNERS], { workdir: "/app/media" });
  expect(owners.split("\n")).toEqual(
    [".", "./dangling", "./deep", "./deep/er", "./deep/er/file", "./out", "./top"].map(
      (path) => `${path} 104:107`,
    ),
  );
  expect(await container.output(["stat", "-c", "%u:%g", "/app/mediafiles/file"])).toBe("104:107");
  expect(await container.output(["stat", "-c", "%u:%g", "/etc/nginx", "/etc/nginx/nginx.conf"])).toBe(
    "0:0\n0:0",
  );
  await container.output(["touch", "/app/media/deep/er/new"], { user: "django" });
});

test("a volume that is django's already is not walked", async () => {
  const media = await makeVolume("touch file; chown 104:107 .");
  await using container = await startReadyProject({ env: ENV, volumes: [`${media}:/app/media`] });
  expect(await container.output(["stat", "-c", "%u", "/app/media/file"])).toBe("0");
});

test("a media directory that is itself a link: only the link changes hands", async () => {
  const elsewhere = await makeVolume("touch file");
  await using container = await startReadyProject({
    env: ENV,
    image: imageWithLink(),
    volumes: [`${elsewhere}:/elsewhere`],
  });
  expect(await container.output(["stat", "-c", "%u", "/elsewhere", "/elsewhere/file"])).toBe("0\n0");
});

describe("what the settings name, and the operator keeps to himself, stays as it is, and is told of", () => {
  test.each([
    {
      kept: "secrets of his",
      script: "echo flour > key; chmod 0400 key",
      env: { TOKEN_FILE: "/kept/key", DJINIT_SECRETS: "TOKEN" },
      says: "secrets lie in /kept/key",
    },
    { kept: "a closed directory", script: "touch key; chmod 0700 .", env: {}, says: "set DJINIT_MEDIA_ROOT" },
  ])("$kept", async ({ script, env, says }) => {
    const { container } = await startSite({
      site: { MEDIA_URL: "/media/", MEDIA_ROOT: "/kept" },
      env,
      volumes: [`${await makeVolume(script)}:/kept`],
    });
    expect(await container.output(["stat", "-c", "%u", "/kept", "/kept/key"], { user: "root" })).toBe("0\n0");
    expect(await warningsOf(container)).toEqual([expect.stringContaining(says)]);
  });

  test("a socket, and what is no upload in a volume", async () => {
    const socket = "import socket; socket.socket(socket.AF_UNIX).bind('engine.sock')";
    const volume = await makeVolume(`python -c "${socket}"; mkfifo pipe; touch upload`);
    const { container } = await startSite({
      site: { MEDIA_URL: "/media/", MEDIA_ROOT: "/kept" },
      volumes: [`${volume}:/kept`],
    });
    const owners = await container.output(["stat", "-c", "%n %u", "engine.sock", "pipe", "upload"], {
      workdir: "/kept",
    });
    expect(owners).toBe("engine.sock 0\npipe 0\nupload 104");
  });
});

test("a file that is mounted for the settings keeps nobody from his uploads", async () => {
  const { container } = await startSite({
    site: { MEDIA_URL: "/media/", MEDIA_ROOT: "/pictures" },
    volumes: [`${await makeVolume("touch file")}:/pictures`, `${import.meta.filename}:/app/local.py:ro`],
  });
  expect(await container.output(["stat", "-c", "%u", "/pictures", "/pictures/file"])).toBe("104\n104");
  expect(await warningsOf(container)).toEqual([]);
});

test("a worker leaves the volume alone", async () => {
  const media = await makeVolume("touch file");
  await using container = await startReadyProject({
    command: ["celery", "worker"],
    volumes: [`${media}:/app/media`],
  });
  expect(await container.output(["stat", "-c", "%u", "/app/media"])).toBe("0");
});

function imageWithLink(): string {
  const { images } = runContext();
  const dockerfile = `FROM ${images.example}\nUSER root\nRUN rm -rf /app/media && ln -s /elsewhere /app/media\n`;
  return execFileSync("docker", ["build", "--quiet", "-"], { input: dockerfile }).toString().trim();
}
