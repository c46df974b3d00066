// What is measured of a project, and what was seen of it.

/** The columns of docs/projects.md, and what each stands for. */
export const CELLS = {
  build: "the README's Dockerfile builds",
  page: "it boots on an empty database, and a page is there",
  static: "the page's stylesheet comes from nginx, with the right text and type",
  media: "an upload can be fetched under the address that Django gives it",
  admin: "the superuser of `SUPERUSER_PASSWORD` can log in",
  worker: "a celery worker in a container of its own runs a task",
  beat: "beat in a container of its own sends its task",
  levels: "every line is JSON, each with its level; a chained exception is one record",
  again: "the second start does not start Django for the boot",
  "read-only": "`--read-only`, with worker and beat beside web: page, upload and task",
  reload: "HUP while requests go: none is lost",
  quiet: "no record above `info` in any container's life, but what the project itself says",
  stop: "every container ends with status 0",
} as const;

export type Cell = keyof typeof CELLS;
export const CELL_NAMES = Object.keys(CELLS) as Cell[];

/** Cell → why it is not true; undefined where it is. A cell that is missing was not come to. */
export class Seen {
  readonly #causes = new Map<Cell, string | undefined>();

  /** Does what shows it. Returns whether it is true. */
  async show(cell: Cell, act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      this.#causes.set(cell, undefined);
      return true;
    } catch (error) {
      this.#causes.set(cell, error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  isTrue(cell: Cell): boolean {
    return this.#causes.has(cell) && this.#causes.get(cell) === undefined;
  }

  /** Why it is not true. */
  cause(cell: Cell): string | undefined {
    return this.#causes.has(cell) ? this.#causes.get(cell) : "it was not come to";
  }
}
