// The example project's next image, which expands the schema, and one after it that never gets ready.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildImage } from "../../../tools/image/build-image.ts";
import { IMAGE_VERSION } from "../../../tools/image/image.ts";
import { runContext } from "../../support/run-context.ts";

/** The old code knows nothing of the column, and inserts rows without it. */
export const NEXT_MIGRATION = "0005_expand";
const EXPAND = `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cakes", "0004_beat")]
    operations = [migrations.AddField("Cake", "note", models.TextField(null=True))]
`;

export interface NextImages {
  next: string;
  unready: string;
}

export async function buildNextImages(): Promise<NextImages> {
  const images = {
    next: `djinit-test-swarm-next:${IMAGE_VERSION}`,
    unready: `djinit-test-swarm-unready:${IMAGE_VERSION}`,
  };
  const migration = `/app/cake_service/cakes/migrations/${NEXT_MIGRATION}.py`;
  await build(images.next, [
    `FROM ${runContext().images.example}`,
    `COPY migration.py ${migration}`,
    `RUN chmod 644 ${migration} && SECRET_KEY=manifest-only djinit manifest`,
  ]);
  // The page is not there, so gunicorn is never ready; nothing of it ends.
  await build(images.unready, [`FROM ${images.next}`, "ENV DJINIT_READINESS_PATH=/no-such-page/"]);
  return images;
}

async function build(tag: string, lines: string[]): Promise<void> {
  const context = mkdtempSync("/tmp/djinit-swarm-");
  try {
    writeFileSync(join(context, "migration.py"), EXPAND);
    writeFileSync(join(context, "Dockerfile"), `${lines.join("\n")}\n`);
    await buildImage({ tag, dockerfile: join(context, "Dockerfile"), context });
  } finally {
    rmSync(context, { recursive: true });
  }
}
