import type { Cell } from "./cells.ts";

const FILES = "nginx serves /app/static and /app/media only";
const DATABASE = "the boot does not know the project's database but by DATABASE_URL";

/** What is not true yet, and why. A cell of it that turns out to be true fails its test: then its line goes. */
export const NOT_YET: readonly { project: string; cell: Cell; why: string }[] = [
  { project: "whitenoise", cell: "static", why: FILES },
  { project: "static-url", cell: "static", why: FILES },
  { project: "static-url", cell: "quiet", why: "Django warns of the stylesheet that it is asked for" },
  { project: "media-url", cell: "static", why: FILES },
  { project: "media-url", cell: "media", why: "the volume belongs to root" },
  { project: "media-url", cell: "read-only", why: "the volume belongs to root" },
  { project: "media-url", cell: "again", why: DATABASE },
  { project: "media-url", cell: "quiet", why: "the upload ends with 500" },
  {
    project: "own-commands",
    cell: "again",
    why: "its `migrate` does more than Django's at each start, so it has to be called",
  },
];
