// Services and their checks that end with status 0 before they have done what they are for.
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Container, createContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { http } from "../support/http.ts";
import type { LogRecord } from "../support/records.ts";
import { runContext } from "../support/run-context.ts";
import { isReady, mainPid, ONE_WORKER } from "./cake-subject.ts";
import { failsWith } from "./failure.ts";

const GOOD = `def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"good"]
`;
const EXITS = "import sys\nsys.exit(0)\n";
const VANISHES = "import os\nos._exit(0)\n";

async function create(more: string[] = []): Promise<Container> {
  return await createContainer({
    image: runContext().images.djinit,
    command: ["app:application"],
    more,
    // A second worker, which follows the first, would load what is put there meanwhile.
    env: { SKIP_MIGRATIONS: "1", ...ONE_WORKER },
  });
}

async function put(container: Container, content: string, path = "/app/app.py", mode = 0o644): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "cut-short-"));
  try {
    await writeFile(join(directory, "file"), content);
    await chmod(join(directory, "file"), mode);
    await docker("copy", ["cp", join(directory, "file"), `${container.id}:${path}`]);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const isRefusal = ({ code }: LogRecord): boolean => code === "DJINIT_RELOAD_REFUSED";

test("an application that ends the process when it is loaded is one that cannot be loaded", async () => {
  await using container = await create();
  await put(container, EXITS);
  await docker("start", ["start", container.id]);
  const error = await failsWith(container, { status: 78, code: "DJINIT_APPLICATION_FAILED" });
  expect(error.msg).toContain("it ended the process with status 0");
});

test.each([
  ["sys.exit(0)", EXITS, "it ended the process with status 0"],
  ["os._exit(0)", VANISHES, "its check ended with status 0 before it was done"],
])("a reload is refused for an application with %s: the old one serves on", async (_, code, words) => {
  await using container = await create();
  await put(container, GOOD);
  await docker("start", ["start", container.id]);
  await container.record("readiness", isReady);
  const before = await mainPid(container, "gunicorn");
  await put(container, code);
  await container.signal("HUP");
  expect((await container.record("the refusal", isRefusal)).msg).toContain(words);
  expect(await mainPid(container, "gunicorn")).toBe(before);
  expect((await http(await container.url())).text).toBe("good");
});

test("an nginx that ends with 0 and shows no configuration, or that is killed, or that cannot be started", async () => {
  const scripts: [string, string, RegExp][] = [
    ["#!/bin/sh\nexit 0\n", "DJINIT_NGINX_CONFIGURATION", /ended with status 0, but has not shown it$/],
    ["#!/bin/sh\nkill -9 $$\n", "DJINIT_NGINX_CONFIGURATION", /nginx -T was killed by SIGKILL$/],
    ["#!/bin/sh\nexit 5\n", "DJINIT_NGINX_CONFIGURATION", /nginx -T ended with status 5$/],
    [
      "#!/no/such/shell\n",
      "DJINIT_UNKNOWN_COMMAND",
      /^cannot run \/usr\/sbin\/nginx: its first line names \/no\/such\/shell, which is not in the image$/,
    ],
  ];
  await Promise.all(
    scripts.map(async ([script, code, words]) => {
      await using container = await create();
      await put(container, GOOD);
      await put(container, script, "/usr/sbin/nginx", 0o755);
      await docker("start", ["start", container.id]);
      expect((await failsWith(container, { status: 78, code })).msg).toMatch(words);
    }),
  );
});

test("a container that may have no more processes says so", async () => {
  // djinit's own threads, and gunicorn; not one more.
  await using container = await create(["--pids-limit", "10"]);
  await put(container, GOOD);
  await docker("start", ["start", container.id]);
  const error = await failsWith(container, { status: 71, code: "DJINIT_SPAWN_FAILED" });
  expect(error.msg).toMatch(/^cannot start nginx: the container may have no more processes and threads/);
});
