import { expect, test } from "vitest";
import { createContainer, runContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { parseRecords } from "../support/records.ts";
import { runContext } from "../support/run-context.ts";
import { runAttached } from "./attached.ts";
import { stacksIn } from "./dump-subject.ts";

const DJANGO = { SECRET_KEY: "for-a-test" };
/** Every byte there is, and no newline at the end. */
const ALL_BYTES = Buffer.from(Array.from({ length: 1024 }, (_, at) => at % 256));

test("a command runs as django in /app, with a home of its own, and no power", async () => {
  const script = `id -u; id -g; id -Gn; pwd; echo "$HOME $USER $LOGNAME"; touch "$HOME/file" && echo writable
    grep -E '^(CapEff|NoNewPrivs)' /proc/self/status; umask`;
  const { status, stdout } = await runAttached({ command: ["sh", "-c", script] });
  expect(stdout.toString().split("\n")).toEqual([
    "104",
    "107",
    "django",
    "/app",
    "/run/django django django",
    "writable",
    "CapEff:\t0000000000000000",
    "NoNewPrivs:\t1",
    "0022",
    "",
  ]);
  expect(status).toBe(0);
});

test("its exit status is the container's, and 128+n for a signal", async () => {
  const scripts = ["exit 7", "kill -9 $$", "kill -TERM $$", "true"];
  const ended = await Promise.all(scripts.map((script) => runAttached({ command: ["sh", "-c", script] })));
  expect(ended.map(({ status }) => status)).toEqual([7, 137, 143, 0]);
});

test("stdin reaches it to the last byte, and stdout comes back unchanged", async () => {
  const input = Buffer.concat(Array.from({ length: 1024 }, () => ALL_BYTES));
  const { status, stdout, stderr } = await runAttached({ command: ["cat"], input });
  expect(stdout.equals(input)).toBe(true);
  expect(status).toBe(0);
  const records = parseRecords(stderr);
  expect(records.map(({ service, msg }) => [service, msg])).toEqual([
    ["djinit", "command started"],
    ["djinit", "command ended with status 0"],
  ]);
});

test("a command that reads stdin late is not told that there is nothing", async () => {
  const script =
    'read first; echo "got $first"; python -c "import os; print(os.get_blocking(0), os.get_blocking(1))"';
  await using container = await createContainer({
    image: runContext().images.djinit,
    command: ["sh", "-c", script],
    publish: [],
    more: ["--interactive"],
  });
  await docker("start", ["start", container.id]);
  await eventually(async () => (await container.stderr()).includes("command started"), { what: "it runs" });
  // An attached client that has nothing to say for now, then one line.
  const attached = docker("attach", ["attach", container.id], { input: "late\n" });
  expect(await attached).toBe("got late\nTrue True");
  expect(await container.wait()).toBe(0);
});

test("it may open /dev/stdin, /dev/stdout and /dev/stderr by name", async () => {
  const script = "cat /dev/stdin > /dev/stdout; echo said > /dev/stderr";
  const { status, stdout, stderr } = await runAttached({ command: ["sh", "-c", script], input: "hello" });
  expect({ status, stdout: stdout.toString() }).toEqual({ status: 0, stdout: "hello" });
  expect(stderr).toContain("said\n");
});

test("django-admin finds the project's settings", async () => {
  const { status, stdout } = await runAttached({
    image: runContext().images.example,
    env: DJANGO,
    command: ["django-admin", "check"],
  });
  expect(stdout.toString()).toBe("System check identified no issues (0 silenced).\n");
  expect(status).toBe(0);
});

test("DJINIT_COMMAND_OUTPUT=json makes records of its lines", async () => {
  const { status, stdout, stderr } = await runAttached({
    env: { DJINIT_COMMAND_OUTPUT: "json" },
    command: ["sh", "-c", 'echo plain; echo \'{"level":"warning","msg":"m","n":1}\'; echo err >&2; exit 5'],
  });
  const records = parseRecords(stdout.toString()).filter(({ service }) => service === "command");
  expect(records).toHaveLength(3);
  expect(records).toContainEqual(expect.objectContaining({ level: "info", msg: "plain" }));
  expect(records).toContainEqual(expect.objectContaining({ level: "warn", msg: "m", n: 1 }));
  expect(records).toContainEqual(expect.objectContaining({ level: "info", msg: "err" }));
  expect(stderr).toBe("");
  expect(status).toBe(5);
});

test("DJINIT_COMMAND_USER chooses another user; root keeps root because that was asked for", async () => {
  const command = ["sh", "-c", "id -un; id -u; stat -c %U /proc/1"];
  const users = ["nginx", "root", "django"];
  const ended = await Promise.all(
    users.map((user) => runAttached({ env: { DJINIT_COMMAND_USER: user }, command })),
  );
  expect(ended.map(({ stdout }) => stdout.toString())).toEqual([
    "nginx\n105\ndjinit\n",
    "root\n0\nroot\n",
    "django\n104\ndjinit\n",
  ]);
});

test("TERM reaches it, and the container has stopped cleanly", async () => {
  await using container = await runContainer({
    image: runContext().images.djinit,
    command: ["sh", "-c", 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.1; done'],
    publish: [],
  });
  await eventually(async () => (await container.stdout()) === "up", {
    what: "it is up",
    timeoutMs: 60_000,
    attach: () => container.logs(),
  });
  expect(await container.stop()).toBe(0);
  expect(await container.stdout()).toBe("up\nbye");
});

test("a dump asks no process of a command's: signal 44 is the command's own, and none is ended by it", async () => {
  const catches = "import signal, time; signal.signal(44, lambda *_: print('got 44', flush=True))";
  const script = `sleep 600 & python -c 'import time; time.sleep(600)' &
    exec python -u -c "${catches}; print('up', flush=True); time.sleep(600)"`;
  await using container = await runContainer({
    image: runContext().images.djinit,
    command: ["sh", "-c", script],
    publish: [],
  });
  await eventually(async () => (await container.stdout()) === "up", {
    what: "it is up",
    timeoutMs: 60_000,
    attach: () => container.logs(),
  });
  const stacks = await stacksIn(container);
  expect(stacks.map(({ service }) => service)).toEqual(["command", "command", "command"]);
  for (const { told } of stacks) expect(told).toContain("\nno answer: ");
  expect(await container.stdout()).toBe("up");
  await container.stop();
});
