/** What a process may reach, besides what its user may: for Landlock, landlock(7). */
export interface Confinement {
  /** `nginx`: nothing else is read or written, and nothing executed. `writes`: nothing else is written. */
  kind: "nginx" | "writes";
  /** What is read in any case, and is there for as long as the image is. */
  system: string[];
  /** Directories and files that may be read. */
  reads: string[];
  /** Those of `reads` that hold what is served: they may come, or be replaced, while nginx runs. */
  served: string[];
  /** Directories whose names may be read, for a pattern with `*`. */
  lists: string[];
  /** Directories of static files: links in them that `collectstatic --link` has made lead to others. */
  linked: string[];
  /** Directories to read and write. */
  writes: string[];
  /** Directories in which files are made and written, without reading any. */
  creates: string[];
  /** Not to be opened as a whole for one file in it. */
  appDirectory: string;
}
