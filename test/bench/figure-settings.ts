import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildImage } from "../../tools/image/build-image.ts";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import type { Comparison } from "./comparison.ts";
import { measureInTurn } from "./pairs.ts";
import { startWeb } from "./web-container.ts";

const MOST = 1.15;
/** The example project, with each part of the database's address in a variable of its own. */
const SETTINGS = `import os
from cake_service.settings import *
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("POSTGRES_DB", "x"),
        "USER": os.environ.get("POSTGRES_USER", "x"),
        "PASSWORD": os.environ.get("POSTGRES_PASSWORD", "x"),
        "HOST": os.environ.get("POSTGRES_HOST", "db"),
    }
}
`;

/** A start with nothing pending where the settings have to be imported, against one that does not look at the database. */
export async function measureSettings(pairs: number): Promise<Comparison[]> {
  const image = await build();
  const { hostname, username, password, pathname } = new URL((await createDatabase()).url);
  const place = {
    POSTGRES_HOST: hostname,
    POSTGRES_USER: username,
    POSTGRES_PASSWORD: password,
    POSTGRES_DB: pathname.slice(1),
  };
  const looking = { ...place, SUPERUSER_PASSWORD: "bench-password" };
  const first = await startWeb(image, looking);
  await first.container.rm();
  const { a, b } = await measureInTurn(
    "settings by parts",
    pairs,
    () => timeStart(image, looking, true),
    () => timeStart(image, { ...place, SKIP_MIGRATIONS: "1" }, false),
  );
  return [
    {
      what: "docker run → first 200, migrated, superuser there, database by POSTGRES_HOST",
      unit: "s",
      other: "the same with SKIP_MIGRATIONS=1, no superuser",
      djinitSamples: a,
      otherSamples: b,
      goal: { text: `at most ${MOST} of it`, isMet: ({ ratio }) => ratio.median <= MOST },
    },
  ];
}

async function timeStart(image: string, env: Record<string, string>, looks: boolean): Promise<number> {
  const { container, totalMs } = await startWeb(image, env);
  const log = await container.logs();
  await container.rm();
  // The step before it is the import of the settings; any other would have started Django.
  const isFast = /step read-settings finished/.test(log) && !/step (?!read-settings)\S+ finished/.test(log);
  if (looks && !(isFast && log.includes("no migration is pending")))
    throw new Error(`cannot use this start: it should have looked without Django\n${log}`);
  return totalMs / 1000;
}

async function build(): Promise<string> {
  const tag = `djinit-bench-settings:${IMAGE_VERSION}`;
  const context = mkdtempSync(join(tmpdir(), "djinit-bench-settings-"));
  try {
    mkdirSync(join(context, "app"));
    writeFileSync(join(context, "app/parts_settings.py"), SETTINGS);
    const lines = [
      `FROM ${runContext().images.example}`,
      "COPY app /app",
      "ENV DJANGO_SETTINGS_MODULE=parts_settings",
      "RUN chmod -R go+rX /app && python -m compileall -q /app/parts_settings.py && SECRET_KEY=manifest-only djinit manifest",
    ];
    writeFileSync(join(context, "Dockerfile"), `${lines.join("\n")}\n`);
    await buildImage({ tag, dockerfile: join(context, "Dockerfile"), context });
    return tag;
  } finally {
    rmSync(context, { recursive: true });
  }
}
