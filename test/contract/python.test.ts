// What Python and TypeScript both know is the same in both: Python has no import of the other's.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

const SETUP = read("python/boot/djinit_setup.py");
const SCHEMAS = read("src/boot/django/event-schemas.ts");

/** The first group of each match, sorted, once each. */
function found(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name]) => name ?? ""))].sort();
}

/** What stands between the two, the first time. */
function between(text: string, start: string, end: string): string {
  const [, rest] = text.split(start, 2);
  expect(rest, `«${start}» is there`).toBeDefined();
  return (rest ?? "").split(end, 1)[0] ?? "";
}

test("the kinds of djinit_blame.py are those that the boot has a code for", () => {
  const python = found(read("python/boot/djinit_blame.py"), /^[A-Z]+ = "([a-z]+)"$/gm);
  expect(python).toEqual(found(between(SCHEMAS, "const BLAMES = [", "]"), /"([a-z]+)"/g));
  const blamed = found(read("python/boot/djinit_lock.py"), /^ {4}blamed = "([a-z]+)"$/gm);
  expect(python).toEqual(expect.arrayContaining(blamed));
});

test("each report of djinit_setup.py has a schema, and each schema a report", () => {
  const python = found(SETUP, /\b(?:report|fail)\(\s*"([a-z-]+)"/g);
  expect(python).toEqual(found(SCHEMAS, /\bevent\("([a-z-]+)"/g));
});

test("the steps of djinit_setup.py are those of its schemas", () => {
  const started = found(between(SETUP, "    actions = {", "\n    }"), /^ {8}"([a-z-]+)":/gm);
  // Done without a start of Django.
  const lean = found(SETUP, /report\("step-started", step="([a-z-]+)"\)/g);
  const python = [...started, ...lean].sort();
  expect(python).toEqual(found(between(SCHEMAS, "const STEP_NAMES = [", "]"), /"([a-z-]+)"/g));
});

test("djinit_stacks.py answers the signal that is sent", () => {
  const python = found(read("python/site/djinit_stacks.py"), /^SIGNAL = (\d+)$/gm);
  expect(python).toEqual(found(read("src/cli/dump/stacks.ts"), /STACKS_SIGNAL = (\d+);$/gm));
  expect(python).toHaveLength(1);
});

test.each([
  ["python/gunicorn/djinit_load.py", "BEGUN", "src/plan/check-proof.ts", "GUNICORN_BEGUN"],
  ["python/gunicorn/djinit_load.py", "DONE", "src/plan/check-proof.ts", "GUNICORN_DONE"],
  ["python/gunicorn/djinit_shared_metrics.py", "LOCK_FILE", "src/metrics/application.ts", "LOCK_FILE"],
  ["python/shared/djinit_told.py", "KEY_FILE", "src/plan/paths.ts", "NGINX_CLIENT_KEY_FILE"],
  ["python/server/djinit_application.py", "BEGUN", "src/plan/check-proof.ts", "GUNICORN_BEGUN"],
  ["python/server/djinit_application.py", "DONE", "src/plan/check-proof.ts", "GUNICORN_DONE"],
  ["python/gunicorn/djinit_gunicorn.py", "TIMEOUT_FILE", "src/plan/paths.ts", "GUNICORN_TIMEOUT_FILE"],
  ["python/site/djinit_path.py", "LOCK", "src/plan/paths.ts", "LOCK_FILE"],
  ["python/site/djinit_path.py", "DEFAULT", "src/config/variables.ts", "DEFAULT_APP_DIRECTORY"],
  ["python/gunicorn/djinit_gunicorn.py", "IMAGE_FILE", "src/plan/paths.ts", "GUNICORN_CONFIG"],
])("%s %s is %s %s", (pythonFile, pythonName, file, name) => {
  const [python] = found(read(pythonFile), new RegExp(`^${pythonName} = (?:Path\\()?f?"(.+?)"\\)?$`, "gm"));
  const [ours] = found(read(file), new RegExp(`const ${name} = "(.+?)";$`, "gm"));
  expect(python).toBeDefined();
  expect(python?.replace("{RUN}", "/run")).toBe(ours);
});

test("djinit_path.py knows the numbers of the image's users", () => {
  const [first, end] =
    /^SERVICE_UIDS = range\((\d+), (\d+)\)$/m.exec(read("python/site/djinit_path.py"))?.slice(1) ?? [];
  const [firstGroup, endOfGroups] =
    /^SERVICE_GIDS = range\((\d+), (\d+)\)$/m.exec(read("python/site/djinit_path.py"))?.slice(1) ?? [];
  const numbers = (start: string | undefined, stop: string | undefined) =>
    Array.from({ length: Number(stop) - Number(start) }, (_, at) => String(Number(start) + at));
  const dockerfile = read("docker/Dockerfile");
  expect(numbers(first, end)).toEqual(found(dockerfile, /useradd --system --uid (\d+)/g));
  expect(numbers(firstGroup, endOfGroups)).toEqual(found(dockerfile, /groupadd --system --gid (\d+)/g));
});

test("the gunicorn of Python's unit tests is the image's", () => {
  const [image] = found(read("docker/build/requirements.txt"), /^gunicorn==(\S+)/gm);
  expect(image).toBeDefined();
  expect(found(read("python/requirements-dev.txt"), /^gunicorn==(.+)$/gm)).toEqual([image]);
});

test("both take the same lock", () => {
  const key = (text: string) => between(text, "hashtextextended(", "::text").replace(/(%s|\$1)$/, "");
  expect(key(read("python/boot/djinit_lock.py"))).toBe(key(read("src/boot/schema/lock.ts")));
});

test("an exit status of djinit's own is written in Python nowhere", () => {
  const statuses = found(read("src/base/exit-status.ts"), /^ {2}[a-zA-Z]+: (\d+),$/gm).filter(
    (it) => it !== "0",
  );
  expect(statuses.length).toBeGreaterThan(5);
  const calls = found(SETUP, /\b(?:leave|exit)\((\d+)\)/g);
  expect(calls.filter((status) => statuses.includes(status))).toEqual([]);
});
