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

/** The example project has so many itself. */
const OWN = 22;
const MANY = 200;
const MOST_MORE_S = 0.05;

/** A start with nothing pending: does it take longer where there are many migrations to compare? */
export async function measureMigrations(pairs: number): Promise<Comparison[]> {
  const few = await prepare(runContext().images.example);
  const many = await prepare(await buildWith(MANY - OWN));
  const { a, b } = await measureInTurn(`${MANY} migrations`, pairs, many, few);
  return [
    {
      what: `docker run → first 200, migrated, ${MANY} migrations`,
      unit: "s",
      other: `${OWN} migrations`,
      djinitSamples: a,
      otherSamples: b,
      goal: {
        text: "at most 50 ms more",
        isMet: ({ djinit, other }) => djinit.median - other.median <= MOST_MORE_S,
      },
    },
  ];
}

/** Migrates a database with this image; returns what measures a start on it, in seconds. */
async function prepare(image: string): Promise<() => Promise<number>> {
  const env = { DATABASE_URL: (await createDatabase()).url, SUPERUSER_PASSWORD: "bench-password" };
  const start = async (): Promise<number> => {
    const { container, totalMs } = await startWeb(image, env);
    const log = await container.logs();
    await container.rm();
    if (isFirst === log.includes("no migration is pending"))
      throw new Error(`cannot use this start: it should ${isFirst ? "" : "not "}have migrated\n${log}`);
    return totalMs / 1000;
  };
  let isFirst = true;
  await start();
  isFirst = false;
  return start;
}

/** The example project with an app of so many migrations. */
async function buildWith(count: number): Promise<string> {
  const tag = `djinit-bench-many:${IMAGE_VERSION}`;
  const context = mkdtempSync(join(tmpdir(), "djinit-bench-many-"));
  const migrations = join(context, "app/many/migrations");
  try {
    mkdirSync(migrations, { recursive: true });
    for (const file of ["app/many/__init__.py", "app/many/migrations/__init__.py"])
      writeFileSync(join(context, file), "");
    writeFileSync(
      join(context, "app/many_settings.py"),
      'from cake_service.settings import *\nINSTALLED_APPS = [*INSTALLED_APPS, "many"]\n',
    );
    for (let number = 1; number <= count; number += 1)
      writeFileSync(join(migrations, `${name(number)}.py`), source(number));
    const lines = [
      `FROM ${runContext().images.example}`,
      "COPY app /app",
      "ENV DJANGO_SETTINGS_MODULE=many_settings",
      "RUN chmod -R go+rX /app && SECRET_KEY=manifest-only djinit manifest",
    ];
    writeFileSync(join(context, "Dockerfile"), `${lines.join("\n")}\n`);
    await buildImage({ tag, dockerfile: join(context, "Dockerfile"), context });
    return tag;
  } finally {
    rmSync(context, { recursive: true });
  }
}

const name = (number: number): string => `${String(number).padStart(4, "0")}_step`;

function source(number: number): string {
  const before = number === 1 ? "" : `("many", "${name(number - 1)}")`;
  return `from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [${before}]
    operations = [migrations.RunSQL("CREATE TABLE many_${number} (id integer)")]
`;
}
