// The superuser: who it is, and where its password can be found (nowhere).
import { expect, test } from "vitest";
import { type Container, runContainer } from "../support/docker.ts";
import { createDatabase } from "../support/postgres.ts";
import { environOf, type Process, processTable } from "../support/proc.ts";
import { runContext } from "../support/run-context.ts";
import { startReadyCake } from "./cake-subject.ts";
import { failsWith } from "./failure.ts";
import { type ProjectOptions, startProject, startReadyProject } from "./project-subject.ts";

/** Whatever a shell, Python source, JSON or a URL would trip over. */
const PASSWORD = `it's "$HOME" \\n \`id\` %s {0}\n'''zweite Zeile: Käsekuchen 🍰\n`;

/** Prints whether the password that it reads from stdin is that of the user it is given. */
const CHECK = `
import os, sys, django
sys.path.insert(0, "/app")
django.setup()
from django.contrib.auth import get_user_model
user = get_user_model().objects.get_by_natural_key(sys.argv[1])
password = sys.stdin.buffer.read().decode()
print(user.check_password(password), user.is_superuser, user.email, *filter(None, [getattr(user, "full_name", "")]))
`;

function check(container: Container, name: string, password: string): Promise<string> {
  return container.output(["python", "-c", CHECK, name], { user: "django", input: password });
}

test("a password with quotes, $, newlines and emoji is the one that was given", async () => {
  await using container = await startReadyCake({ env: { SUPERUSER_PASSWORD: PASSWORD } });
  expect(await check(container, "admin", PASSWORD)).toBe("True True admin@example.com");
  expect(await check(container, "admin", PASSWORD.trimEnd())).toContain("False");
});

test("the password is in no line of the log and in no process's environment", async () => {
  const secret = "hunter2-in-nobody-s-memory";
  await using container = await startReadyCake({
    env: { SUPERUSER_PASSWORD: secret, CELERY_WORKER: "1", CELERY_BEAT: "1" },
  });
  expect(await check(container, "admin", secret)).toContain("True True");
  expect(await container.logs()).not.toContain(secret);
  const table = await processTable(container);
  for (const process of table) {
    const environment = await environOf(container, process);
    expect(process.argv.concat(Object.values(environment)).join("\0")).not.toContain(secret);
    expect(Object.keys(environment).filter((name) => /SUPERUSER/.test(name))).toEqual([]);
  }
  // Negative control: what is there is found.
  const gunicorn = table.find(({ argv }) => argv.some((word) => word.endsWith("/gunicorn")));
  expect(await environOf(container, gunicorn as Process)).toMatchObject({ SECRET_KEY: "for-a-test" });
  expect(await container.output(["sh", "-c", `grep -rl ${secret} /run /tmp /app/data; true`])).toBe("");
});

test("SUPERUSER_PASSWORD_FILE, SUPERUSER_USERNAME and SUPERUSER_EMAIL", async () => {
  await using container = await startReadyProject({
    files: { "/etc/djinit-test-password": "from a file\n" },
    env: {
      SUPERUSER_PASSWORD_FILE: "/etc/djinit-test-password",
      SUPERUSER_USERNAME: "baker",
      SUPERUSER_EMAIL: "baker@cakes.example",
    },
  });
  expect(await check(container, "baker", "from a file")).toBe("True True baker@cakes.example");
});

test("a superuser that exists is left as it is", async () => {
  const { url } = await createDatabase();
  const env = { DATABASE_URL: url };
  await using first = await startReadyProject({ env: { ...env, SUPERUSER_PASSWORD: "first" } });
  await first.stop();
  await using second = await startReadyProject({
    env: { ...env, SUPERUSER_PASSWORD: "second", SUPERUSER_EMAIL: "other@example.com" },
  });
  expect(await check(second, "admin", "first")).toBe("True True admin@example.com");
  const record = await second.record("the superuser", ({ msg }) => msg.startsWith("superuser "));
  expect(record.msg).toBe("superuser admin exists already: its password was not changed");
});

const CUSTOM: ProjectOptions = {
  fixture: "custom-user",
  env: { DJANGO_SETTINGS_MODULE: "custom_user.settings", SUPERUSER_PASSWORD: "hunter2" },
};

test("the project's own user model: its USERNAME_FIELD, and DJANGO_SUPERUSER_<FIELD> for what it requires", async () => {
  const { url } = await createDatabase();
  const env = {
    ...CUSTOM.env,
    DATABASE_URL: url,
    DJANGO_SUPERUSER_FULL_NAME: "Élise Baker",
    SUPERUSER_EMAIL: "Elise@CAKES.example",
  };
  await using container = await startReadyProject({ ...CUSTOM, env });
  expect(await check(container, "Elise@cakes.example", "hunter2")).toBe(
    "True True Elise@cakes.example Élise Baker",
  );
  await container.stop();
  // The manager has written the address down in its own way; it is the same user none the less.
  await using again = await startReadyProject({ ...CUSTOM, env });
  await again.record("the superuser", ({ msg }) =>
    /^superuser .* exists already: its password was not changed$/.test(msg),
  );
});

test("a required field that is not given is named, with its variable", async () => {
  await using container = await startProject(CUSTOM);
  const error = await failsWith(container, { status: 81, code: "DJINIT_SUPERUSER_FAILED" });
  expect(error.msg).toContain("requires full_name");
  expect(error.msg).toContain("DJANGO_SUPERUSER_FULL_NAME");
});

/** The project has a command `createsuperuser` with other options, too. */
const OWN_COMMAND: ProjectOptions = {
  fixture: "superusers",
  env: {
    DJANGO_SETTINGS_MODULE: "superusers.settings",
    SUPERUSER_PASSWORD: "hunter2",
    SUPERUSER_EMAIL: "elise@cakes.example",
    DJANGO_SUPERUSER_FULL_NAME: "Elise Baker",
  },
};

test("a project's own createsuperuser is not asked, and a manager gets the arguments that it takes", async () => {
  await using container = await startReadyProject(OWN_COMMAND);
  expect(await check(container, "elise@cakes.example", "hunter2")).toBe(
    "True True elise@cakes.example Elise Baker",
  );
});

test("a superuser that the project's manager hides exists already", async () => {
  const { url, query } = await createDatabase();
  const env = { ...OWN_COMMAND.env, DATABASE_URL: url, USER_MANAGER: "hiding" };
  await using first = await startReadyProject({ ...OWN_COMMAND, env });
  await first.stop();
  await query("update superusers_user set is_deleted = true");
  await using again = await startReadyProject({ ...OWN_COMMAND, env });
  await again.record("the superuser", ({ msg }) => msg.includes("exists already"));
  expect(await query("select shelf from superusers_user")).toEqual([{ shelf: 7 }]);
});

test("a manager with other names for its arguments, a name that is given twice: in words", async () => {
  const withEnv = (env: Record<string, string>) => ({ ...OWN_COMMAND, env: { ...OWN_COMMAND.env, ...env } });
  await using renaming = await startProject(withEnv({ USER_MANAGER: "renaming" }));
  const failure = { status: 81, code: "DJINIT_SUPERUSER_FAILED" };
  expect((await failsWith(renaming, failure)).msg).toContain("unexpected keyword argument");
  await using twice = await startProject(withEnv({ DJANGO_SUPERUSER_EMAIL: "bob@cakes.example" }));
  expect((await failsWith(twice, failure)).msg).toContain("DJANGO_SUPERUSER_EMAIL is 'bob@cakes.example'");
});

const BESIDE = `
import sys
sys.path.insert(0, "/usr/local/lib/djinit")
import django, djinit_password
from django.conf import settings
settings.configure(PASSWORD_HASHERS=[sys.argv[1], "django.contrib.auth.hashers.PBKDF2PasswordHasher"])
django.setup()
from django.contrib.auth.hashers import check_password, make_password
djinit_password.hash_beside("beside")
other, first, second = make_password("other"), make_password("beside"), make_password("beside")
print(check_password("other", other), check_password("beside", first), check_password("beside", second),
      check_password("beside", other), len({other, first, second}))
`;

test.each(["PBKDF2PasswordHasher", "ScryptPasswordHasher", "MD5PasswordHasher", "Argon2PasswordHasher"])(
  "a hash that %s makes beside the migrations is the password's own, once; others are made as ever",
  async (hasher) => {
    await using container = await runContainer({
      image: runContext().images.example,
      entrypoint: "sleep",
      command: ["600"],
      publish: [],
    });
    const ran = await container.exec(["python", "-c", BESIDE, `django.contrib.auth.hashers.${hasher}`]);
    // argon2 is not installed: what Django says of it is the same without what goes on beside.
    if (hasher.startsWith("Argon2"))
      expect(ran.stderr).toMatch(
        /^Traceback(?![\s\S]*Exception in thread)[\s\S]*Couldn't load 'Argon2PasswordHasher'/,
      );
    else expect(ran.stdout).toBe("True True True False 3");
  },
);
