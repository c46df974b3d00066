import { existsSync } from "node:fs";
import { DjinitError } from "../../base/errors.ts";
import { readProcessors } from "../../platform/cgroup/processors.ts";
import { type Django, runDjango } from "../django/run.ts";
import { refusal } from "../files/publishable.ts";
import { decideSite, directoryOf, type ServedSite, uploadsBelow } from "../nginx/served-files.ts";
import { precompress } from "../precompressed/precompress.ts";
import type { SiteFacts } from "../schema/site.ts";
import { askAsBuilder } from "./as-builder.ts";

/**
 * Compresses the project's static files. Without DJINIT_STATIC_ROOT its settings are asked where they lie. Errors:
 * DJINIT_PRECOMPRESS_FAILED, DJINIT_SETTINGS_FAILED.
 */
export async function precompressStatic(django: Django, { clean }: { clean: boolean }): Promise<void> {
  const { appDirectory, staticRoot } = django.config;
  const facts = staticRoot === undefined ? await askForSite(django) : undefined;
  if (facts?.static.in_files === false)
    return console.log(
      "static files are in a storage elsewhere, not in a directory: there is nothing to compress",
    );
  const site = siteOf(django, facts);
  const [first] = site.static?.roots ?? [];
  const isKnown = staticRoot !== undefined || typeof facts?.static.root === "string";
  if (first === undefined || !isKnown)
    throw failed("nginx serves no static files here: STATIC_ROOT is not set, or STATIC_URL has none");
  const root = directoryOf(first, appDirectory);
  // What collectstatic makes where a project has nothing to collect.
  if (staticRoot === undefined && !existsSync(root))
    return console.log(`${root} does not exist: there is nothing to compress`);
  const processors = readProcessors();
  // Node's own threads compress, four by default.
  process.env["UV_THREADPOOL_SIZE"] = String(processors);
  try {
    const skips = uploadsBelow(root, site, appDirectory);
    const done = await precompress({ root, skips, compresses: !clean, processors });
    const { files, written, kept, removed, bytes, compressedBytes, links } = done;
    const sizes = bytes === 0 ? "" : `, ${inKib(bytes)} of files in ${inKib(compressedBytes)}`;
    console.log(`${root}: ${files} files; ${written} written, ${kept} kept, ${removed} removed${sizes}`);
    if (links > 0) console.log(`${links} symbolic links are left as they are: what they lead to may change`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw failed((error as Error).message.replaceAll(/\/proc\/self\/fd\/\d+\/+/g, `${root}/…/`), error);
  }
}

async function askForSite(django: Django): Promise<SiteFacts> {
  const { settingsModule } = django.config;
  if (settingsModule === undefined)
    throw failed("neither DJANGO_SETTINGS_MODULE nor DJINIT_STATIC_ROOT says where static files lie");
  let site: SiteFacts | undefined;
  const onSite = (said: SiteFacts): void => {
    site = said;
  };
  const observer = { ...django.observer, onSite };
  await askAsBuilder(django, (as) => runDjango({ ...as, observer }, ["read-settings"], { lock: "own" }));
  if (site === undefined) throw failed("the settings do not say where static files lie");
  return site;
}

function siteOf({ config }: Django, facts: SiteFacts | undefined): ServedSite {
  const { appDirectory } = config;
  const refuse = (directory: string): string | undefined => refusal(directory, appDirectory);
  const { site, problems } = decideSite({ config, facts, refusal: refuse });
  const unfit = problems.find(({ setting }) => /STATIC_(ROOT|URL)$/.test(setting));
  if (unfit !== undefined)
    throw failed(`${unfit.setting} is ${JSON.stringify(unfit.value)}, ${unfit.problem}`);
  return site;
}

function failed(cause: string, error?: unknown): DjinitError {
  return new DjinitError("DJINIT_PRECOMPRESS_FAILED", `cannot precompress static files: ${cause}`, {
    ...(error === undefined ? {} : { cause: error }),
  });
}

function inKib(bytes: number): string {
  return `${Math.ceil(bytes / 1_024)} KiB`;
}
