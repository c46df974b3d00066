// What comes from the container's variables and from files is for the application: djinit's own processes see nothing of it.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { environOf, processTable } from "../support/proc.ts";
import { isReady, mainPid, serves } from "./cake-subject.ts";
import { startProject } from "./project-subject.ts";

const TRACES = "/tmp/traces";
const FROM_FILE = {
  NODE_OPTIONS: "--max-old-space-size=77",
  BASH_ENV: "/app/bash-env",
  PYTHONSTARTUP: "/app/python-startup",
  GLIBC_TUNABLES: "glibc.malloc.arena_max=1",
  SECRET_IN_FILE: "planted-in-the-file",
  DJANGO_SUPERUSER_PHONE: "planted-for-the-superuser",
  // Whoever reads these while it is loaded leaves a file that is its user's.
  LD_DEBUG: "libs",
  LD_DEBUG_OUTPUT: `${TRACES}/file`,
};
const FILE = Object.entries(FROM_FILE)
  .map(([name, value]) => `${name}=${value}\n`)
  .join("");
/** As user of the process itself; prints how often each word stands in its memory. */
const COUNT_IN_MEMORY = `
import re, sys
pid, *words = sys.argv[1:]
counts = dict.fromkeys(words, 0)
with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
    for line in maps:
        start, end, mode = re.match(r"(\\w+)-(\\w+) (\\S+)", line).groups()
        if not mode.startswith("rw"):
            continue
        try:
            memory.seek(int(start, 16))
            data = memory.read(int(end, 16) - int(start, 16))
        except (OSError, ValueError, OverflowError):
            continue
        for word in words:
            counts[word] += data.count(word.encode())
print(*(counts[word] for word in words))
`;

let container: Container;
beforeAll(async () => {
  container = await startProject({
    env: {
      DJINIT_ENV_FILE: "/app/env",
      LD_LIBRARY_PATH: "/app/lib",
      SECRET_IN_CONTAINER: "planted-in-the-container",
      CELERY_WORKER: "1",
    },
    files: { "/app/env": FILE, [`${TRACES}/README`]: "" },
    publish: [8000],
    more: ["--health-interval", "1s"],
  });
  await container.record("readiness", isReady, 60_000);
  // Where everybody may leave traces, from the first instruction of the next start on.
  await container.output(["chmod", "0777", TRACES], { user: "root" });
  await docker("restart", ["restart", "--time", "30", container.id]);
  await serves(container);
});
afterAll(() => container?.rm());

async function countsIn(service: string, user: string, words: string[]): Promise<number[]> {
  const pid = String(await mainPid(container, service));
  const text = await container.output(["python", "-c", COUNT_IN_MEMORY, pid, ...words], { user });
  return text.split(" ").map(Number);
}

test("variables from the file reach gunicorn and celery", async () => {
  const { DJANGO_SUPERUSER_PHONE: _, ...expected } = FROM_FILE;
  for (const service of ["gunicorn", "celery-worker"]) {
    const pid = await mainPid(container, service);
    const process = (await processTable(container)).find((it) => it.pid === pid);
    const environment = await environOf(container, process as NonNullable<typeof process>);
    expect(environment).toMatchObject({ ...expected, LD_LIBRARY_PATH: "/app/lib" });
    expect(Object.keys(environment).filter((name) => /^(DJANGO_)?SUPERUSER_|^~/.test(name))).toEqual([]);
    expect(environment).not.toHaveProperty("DJINIT_ENV_FILE");
  }
});

test("the dynamic loader of no process but the application's heeds them", async () => {
  const owners = await container.output(["sh", "-c", `stat -c %u ${TRACES}/file.* | sort -u`]);
  expect(owners).toBe("104");
});

test("PID 1's environment is its own", async () => {
  const [first] = (await processTable(container)).filter(({ pid }) => pid === 1);
  const environment = await environOf(container, first as NonNullable<typeof first>);
  expect(Object.keys(environment).sort()).toEqual(["LD_PRELOAD", "PATH"]);
});

test("nginx has no secret of the application's in its memory, and gunicorn has", async () => {
  const words = ["planted-in-the-file", "planted-in-the-container"];
  expect(await countsIn("nginx", "nginx", words)).toEqual([0, 0]);
  const [inFile = 0, inContainer = 0] = await countsIn("gunicorn", "django", words);
  expect(Math.min(inFile, inContainer)).toBeGreaterThan(0);
});

test("what the file says by now reaches the application at HUP, and PID 1 no more than before", async () => {
  const text = FILE.replace("=77", "=78").replace("planted-in-the-file", "planted-anew");
  await container.output(["sh", "-c", "cat > /app/env"], { user: "root", input: text });
  await container.signal("HUP");
  await container.record("a new gunicorn", ({ msg }) => msg.includes("its environment has changed"), 60_000);
  await container.record(
    "a reload",
    ({ msg }) => msg === "reloading celery-worker: its environment has changed",
    60_000,
  );
  await serves(container);
  expect((await countsIn("gunicorn", "django", ["planted-anew"]))[0]).toBeGreaterThan(0);
  const [first] = (await processTable(container)).filter(({ pid }) => pid === 1);
  expect(JSON.stringify(await environOf(container, first as NonNullable<typeof first>))).not.toContain(
    "planted",
  );
  expect(await container.stop()).toBe(0);
});
