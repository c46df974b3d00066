import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Container, createContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { processTable } from "../support/proc.ts";
import type { LogRecord } from "../support/records.ts";
import { runContext } from "../support/run-context.ts";
import { mainPid } from "./cake-subject.ts";

const application = (answer: string) => `def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"${answer}"]
`;

const refusalOf =
  (target: string) =>
  (record: LogRecord): boolean =>
    record["target"] === target && record["code"] === "DJINIT_RELOAD_REFUSED";

const workersOf = async (container: Container): Promise<number[]> => {
  const master = await mainPid(container, "gunicorn");
  return (await processTable(container)).filter(({ ppid }) => ppid === master).map(({ pid }) => pid);
};

test("HUP takes new code and new nginx files; what cannot be loaded is refused and the old one serves on", async () => {
  const directory = await mkdtemp(join(tmpdir(), "reload-"));
  try {
    await using container = await createContainer({
      image: runContext().images.djinit,
      command: ["app:application"],
      env: { SKIP_MIGRATIONS: "1" },
    });
    const put = async (content: string, path: string) => {
      await writeFile(join(directory, "file"), content, { mode: 0o644 });
      await docker("copy", ["cp", join(directory, "file"), `${container.id}:${path}`]);
    };
    const answers = async (text: string) =>
      eventually(async () => (await http(await container.url())).text === text, {
        what: `the answer ${text}`,
        timeoutMs: 20_000,
        attach: () => container.logs(),
      });
    await put(application("one"), "/app/app.py");
    await docker("start", ["start", container.id]);
    await answers("one");
    const gunicorn = await mainPid(container, "gunicorn");

    await put(application("two"), "/app/app.py");
    await put(
      'location = /new { return 200 "from nginx"; }\n',
      "/etc/nginx/conf.d/django.conf.d/locations/new.conf",
    );
    await container.signal("HUP");
    await answers("two");
    expect(await mainPid(container, "gunicorn")).toBe(gunicorn);
    await eventually(async () => (await http(await container.url("/new"))).text === "from nginx", {
      what: "nginx's new file",
    });

    // A file that nginx refuses: the old one stays in force.
    await put("nonsense;\n", "/etc/nginx/conf.d/django.conf.d/locations/new.conf");
    await container.signal("HUP");
    const refusal = await container.record("nginx's refusal", refusalOf("nginx"));
    expect(refusal).toMatchObject({ level: "error", code: "DJINIT_RELOAD_REFUSED" });
    expect(refusal.msg).toContain("nonsense");
    expect((await http(await container.url("/new"))).text).toBe("from nginx");
    await answers("two");

    // An application that cannot be imported: a HUP would end gunicorn's master and all its workers.
    await put("import nowhere\n", "/app/app.py");
    const workers = await workersOf(container);
    await container.signal("HUP");
    expect((await container.record("gunicorn's refusal", refusalOf("gunicorn"))).msg).toContain("nowhere");
    await answers("two");
    expect(await mainPid(container, "gunicorn")).toBe(gunicorn);
    expect(await workersOf(container)).toEqual(workers);

    await put(application("three"), "/app/app.py");
    await container.signal("HUP");
    await answers("three");
  } finally {
    await rm(directory, { recursive: true });
  }
});
