// Volumes of uploads that somebody else owns.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { docker } from "../support/docker-cli.ts";
import { runContext } from "../support/run-context.ts";
import { RUN_LABEL } from "../support/run-id.ts";
import { startReadyProject } from "./project-subject.ts";

/** A volume with what `script` makes in it, as root. */
async function makeVolume(script: string): Promise<string> {
  const { images, runId } = runContext();
  const name = await docker("make a volume", ["volume", "create", "--label", `${RUN_LABEL}=${runId}`]);
  const mount = ["--volume", `${name}:/volume`, "--workdir", "/volume", "--entrypoint", "sh"];
  await docker("fill it", ["run", "--rm", ...mount, images.djinit, "-ec", script]);
  return name;
}

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
