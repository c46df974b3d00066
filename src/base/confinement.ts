/** What a process may reach, besides what its user may: for Landlock, landlock(7). */
export interface Confinement {
  /** `nginx`: nothing else is read or written, and nothing executed. `writes`: nothing else is written. */
  kind: "nginx" | "writes";
  /** Directories and files that may be read. */
  reads: string[];
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
