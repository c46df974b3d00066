// The steps of an image: RUN is root's, and what it leaves behind may be closed to the user of the services.
import { expect, test } from "vitest";
import { runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { parseRecords } from "../support/records.ts";
import { runContext } from "../support/run-context.ts";
import { runAttached } from "./attached.ts";

/** Makes up a key where none is given, as many projects do. */
const SETTINGS = `
import os, pathlib
kept = pathlib.Path(__file__).parent.parent / ".secret"
if "SECRET_KEY" in os.environ:
    SECRET_KEY = os.environ["SECRET_KEY"]
else:
    if not kept.exists():
        kept.touch(0o600)
        kept.write_text("made-up")
    SECRET_KEY = kept.read_text()
INSTALLED_APPS = ["django.contrib.staticfiles", "django.contrib.contenttypes"]
STATIC_URL, STATIC_ROOT = "/static/", "/srv/keyed/static"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/tmp/keyed.sqlite3"}}
`;
const WRITE =
  "mkdir -p /srv/keyed/keyed && cd /srv/keyed && cat > keyed/settings.py && touch keyed/__init__.py";
const BUILD = `export DJANGO_SETTINGS_MODULE=keyed.settings; ${WRITE} && django-admin collectstatic --noinput && djinit precompress && djinit manifest`;

test("what root's collectstatic has closed to user django does not end the build, and is told of", async () => {
  const { status, stdout, stderr } = await runAttached({
    image: runContext().images.example,
    command: ["-c", BUILD],
    more: ["--entrypoint", "sh"],
    input: SETTINGS,
  });
  expect(status, stderr).toBe(0);
  expect(stdout.toString()).toContain("/srv/keyed/static does not exist: there is nothing to compress\n");
  expect(stdout.toString()).toContain("/var/lib/djinit/manifest.json: 2 migrations\n");
  const [warning, ...others] = parseRecords(stderr).filter(({ level }) => level !== "info");
  expect(others).toEqual([]);
  expect(warning).toMatchObject({ level: "warn", service: "djinit", user: "django" });
  expect(warning?.msg).toMatch(
    /^user django cannot load the project as it is in the image, and root can: cannot load the Django settings: PermissionError: .*\/srv\/keyed\/\.secret' \(as user django\); what RUN has written is root's/,
  );
});

test("beside a djinit root does not run the project's code, whatever is closed to user django", async () => {
  await using container = await runContainer({
    image: runContext().images.example,
    command: ["sleep", "600"],
    publish: [],
  });
  const started = async () => (await container.stderr()).includes("command started");
  await eventually(started, { what: "it runs", timeoutMs: 30_000 });
  await container.output(["sh", "-c", `${WRITE}; touch .secret; chmod 600 .secret`], { input: SETTINGS });
  const env = "DJANGO_SETTINGS_MODULE=keyed.settings";
  const refused = await container.exec(["sh", "-c", `cd /srv/keyed; ${env} djinit manifest`]);
  expect(refused.ok).toBe(false);
  const [error] = parseRecords(refused.stderr).filter(({ level }) => level === "error");
  expect(error).toMatchObject({ code: "DJINIT_SETTINGS_FAILED", user: "django" });
  expect(error?.msg).toContain("(as user django)");
});
