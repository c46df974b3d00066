// Whose files of secrets are read: as root without its powers, and started as another user.
import { expect, test } from "vitest";
import { createContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import { isReady } from "./cake-subject.ts";
import { failsWith } from "./failure.ts";

const BOOT_CAPABILITIES = ["CHOWN", "KILL", "SETGID", "SETPCAP", "SETUID"];

/** Answers with the secret. */
const APPLICATION =
  "import os; application = lambda environ, start: (start('200 OK', []), [os.environ['KEY'].encode()])[1]";

test("as root without DAC_OVERRIDE: those of another user's alone, at the start and at HUP", async () => {
  const key = "echo first > key && chmod 400 key && chown 1000:1000 key";
  await using container = await createContainer({
    image: runContext().images.djinit,
    entrypoint: "sh",
    command: ["-c", `cd /app && echo "${APPLICATION}" > app.py && ${key} && exec djinit app:application`],
    env: { SKIP_MIGRATIONS: "1", DJINIT_SECRETS: "KEY", KEY_FILE: "/app/key" },
    more: ["--cap-drop", "ALL", ...BOOT_CAPABILITIES.flatMap((it) => ["--cap-add", it])],
  });
  await docker("start", ["start", container.id]);
  await container.record("readiness", isReady, 60_000);
  expect((await http(await container.url())).text).toBe("first");
  // Nobody else may read it, root among them.
  expect((await container.exec(["cat", "/app/key"], { user: "root" })).exitCode).toBe(1);
  const renew = "chmod 600 /app/key && echo second > /app/key && chmod 400 /app/key";
  await container.output(["sh", "-c", renew], { user: "1000:1000" });
  await container.signal("HUP");
  await eventually(async () => expect((await http(await container.url())).text).toBe("second"), {
    timeoutMs: 20_000,
    attach: () => container.logs(),
  });
});

test("started as another user: what that user may read, and nothing else", async () => {
  await using container = await createContainer({
    image: runContext().images.djinit,
    entrypoint: "sh",
    command: ["-c", "echo key > /tmp/key && chmod 400 /tmp/key && exec djinit app:application"],
    user: "12345:12345",
    env: {
      SKIP_MIGRATIONS: "1",
      DJINIT_SECRETS: "KEY,OTHER",
      KEY_FILE: "/tmp/key",
      OTHER_FILE: "/etc/shadow",
    },
  });
  await docker("start", ["start", container.id]);
  const error = await failsWith(container, { status: 78, code: "DJINIT_BAD_CONFIGURATION" });
  expect(error.msg).toBe(
    `cannot start: OTHER_FILE is "/etc/shadow", which cannot be read: EACCES: permission denied, open '/etc/shadow'`,
  );
});
