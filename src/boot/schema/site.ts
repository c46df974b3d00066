// What the project's settings say of the site that a web server before it serves.
import * as v from "valibot";

/** Where a kind of files lies, and below which URL: as templates get it, with a host or without. */
const files = {
  url: v.nullable(v.string()),
  root: v.nullable(v.string()),
  /** False: a storage keeps them that has no directory here. */
  in_files: v.boolean(),
};

/** As djinit_site.py reports it. */
export const SITE_FACTS = v.object({
  /** FORCE_SCRIPT_NAME, without a slash at its end. */
  script_name: v.string(),
  static: v.object({
    ...files,
    /** By `collectstatic`. */
    collected: v.boolean(),
    /** What no file answers, the application may. */
    by_application: v.boolean(),
  }),
  media: v.object(files),
  https: v.object({
    /** SECURE_SSL_REDIRECT. */
    only: v.boolean(),
    /** SECURE_PROXY_SSL_HEADER: name and value. */
    header: v.nullable(v.tuple([v.string(), v.string()])),
  }),
  /** ALLOWED_HOSTS. */
  hosts: v.array(v.string()),
});

export type SiteFacts = v.InferOutput<typeof SITE_FACTS>;
