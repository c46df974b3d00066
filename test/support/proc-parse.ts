/** One process of a container, as /proc tells. */
export interface Process {
  pid: number;
  ppid: number;
  /** Effective user and group, by number and by the container's own names (empty when there is none). */
  uid: number;
  user: string;
  gid: number;
  group: string;
  /** Supplementary groups by number. */
  groups: number[];
  /** At most 15 characters. */
  name: string;
  argv: string[];
  /** `R` `S` `D` `Z` …; a zombie has no argv. */
  state: string;
  capEff: bigint;
  capPrm: bigint;
  capInh: bigint;
  capBnd: bigint;
  capAmb: bigint;
  noNewPrivs: boolean;
  threads: number;
}

/** Reads what the script in proc.ts prints; leaves out the shell that printed it and that shell's children. */
export function parseProcessTable(text: string): Process[] {
  const [head = "", ...sections] = text.split(/^== process\n/m);
  const shellPid = Number(/^shell (\d+)/.exec(head)?.[1]);
  const [passwd = "", groups = ""] = head.split("== groups\n");
  const users = namesById(passwd);
  const groupNames = namesById(groups);
  return sections
    .map((section) => parseOne(section, users, groupNames))
    .filter(({ pid, ppid }) => pid !== shellPid && ppid !== shellPid)
    .sort((a, b) => a.pid - b.pid);
}

/** `name:x:id:…` */
function namesById(text: string): Map<number, string> {
  const rows = text.split("\n").map((line) => line.split(":"));
  return new Map(rows.filter((row) => row.length >= 3).map((row) => [Number(row[2]), row[0] as string]));
}

function parseOne(section: string, users: Map<number, string>, groupNames: Map<number, string>): Process {
  const fields = new Map<string, string>();
  for (const line of section.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const field = (name: string) => fields.get(name) ?? "";
  const capability = (name: string) => BigInt(`0x${field(name) || "0"}`);
  // Real, effective, saved, filesystem.
  const uid = Number(field("Uid").split(/\s+/)[1]);
  const gid = Number(field("Gid").split(/\s+/)[1]);
  const cmdline = field("Cmdline");
  return {
    pid: Number(field("Pid")),
    ppid: Number(field("PPid")),
    uid,
    user: users.get(uid) ?? "",
    gid,
    group: groupNames.get(gid) ?? "",
    groups: field("Groups").split(/\s+/).filter(Boolean).map(Number),
    name: field("Name"),
    argv: cmdline === "" ? [] : cmdline.replace(/\u001f$/, "").split("\u001f"),
    state: field("State").charAt(0),
    capEff: capability("CapEff"),
    capPrm: capability("CapPrm"),
    capInh: capability("CapInh"),
    capBnd: capability("CapBnd"),
    capAmb: capability("CapAmb"),
    noNewPrivs: field("NoNewPrivs") === "1",
    threads: Number(field("Threads")),
  };
}
