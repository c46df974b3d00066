// System calls that Node has no binding for. The only importer of node:ffi.
import { dlopen } from "node:ffi";
import { constants } from "node:os";

const P_ALL = 0;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x0100_0000;
const SI_PID_OFFSET = 16; // siginfo_t on 64-bit Linux: three ints, padding, then the union that begins with si_pid
const O_CLOEXEC = 0o2_000_000;
const PR_GET_DUMPABLE = 3;
const PR_SET_DUMPABLE = 4;
const PR_SET_CHILD_SUBREAPER = 36;
const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;
const SIGSET_BYTES = 128;
const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const SIG_DFL = 0n;
const MADV_DONTNEED = 4;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const F_SETFD = 2;
const F_SETPIPE_SZ = 1031;
const FD_CLOEXEC = 1;
const LANDLOCK_CREATE_RULESET = 444n;
const LANDLOCK_ASK_VERSION = 1n;

const { functions: libc } = dlopen("libc.so.6", {
  waitid: { arguments: ["i32", "u32", "buffer", "i32"], return: "i32" },
  waitpid: { arguments: ["i32", "buffer", "i32"], return: "i32" },
  prctl: { arguments: ["i32", "u64", "u64", "u64", "u64"], return: "i32" },
  pthread_sigmask: { arguments: ["i32", "buffer", "buffer"], return: "i32" },
  malloc_trim: { arguments: ["u64"], return: "i32" },
  madvise: { arguments: ["u64", "u64", "i32"], return: "i32" },
  pipe2: { arguments: ["buffer", "i32"], return: "i32" },
  socketpair: { arguments: ["i32", "i32", "i32", "buffer"], return: "i32" },
  fcntl: { arguments: ["i32", "i32", "i32"], return: "i32" },
  flock: { arguments: ["i32", "i32"], return: "i32" },
  signal: { arguments: ["i32", "u64"], return: "u64" },
  socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
  setsockopt: { arguments: ["i32", "i32", "i32", "buffer", "u32"], return: "i32" },
  getsockopt: { arguments: ["i32", "i32", "i32", "buffer", "buffer"], return: "i32" },
  bind: { arguments: ["i32", "buffer", "u32"], return: "i32" },
  listen: { arguments: ["i32", "i32"], return: "i32" },
  setfsuid: { arguments: ["u32"], return: "i32" },
  setfsgid: { arguments: ["u32"], return: "i32" },
  syscall: { arguments: ["i64", "u64", "u64", "u64"], return: "i64" },
  memfd_create: { arguments: ["buffer", "u32"], return: "i32" },
  _exit: { arguments: ["i32"], return: "void" },
});

const siginfo = Buffer.alloc(128);
const waitStatus = Buffer.alloc(4);
const pipeFds = Buffer.alloc(8);

/** The PID of a dead child that has not been waited for yet, or 0. It does not reap the child. */
export function peekDeadChild(): number {
  siginfo.writeInt32LE(0, SI_PID_OFFSET);
  const result = libc.waitid(P_ALL, 0, siginfo, WEXITED | WNOHANG | WNOWAIT);
  return result === 0 ? siginfo.readInt32LE(SI_PID_OFFSET) : 0;
}

/** Reaps the dead child `pid` without blocking. Returns its raw wait status; undefined if it is not dead or no child. */
export function reapChild(pid: number): number | undefined {
  return libc.waitpid(pid, waitStatus, WNOHANG) === pid ? waitStatus.readInt32LE(0) : undefined;
}

/** Makes this process the parent of its orphaned descendants, as if it were PID 1. Errors: throws if the kernel refuses. */
export function becomeSubreaper(): void {
  if (libc.prctl(PR_SET_CHILD_SUBREAPER, 1n, 0n, 0n, 0n) !== 0) {
    throw new Error("cannot become subreaper: prctl(PR_SET_CHILD_SUBREAPER) failed");
  }
}

/** A new pipe, closed on exec. Errors: throws if no descriptor is left. */
export function makePipe(): { readFd: number; writeFd: number } {
  if (libc.pipe2(pipeFds, O_CLOEXEC) !== 0) throw new Error("cannot make a pipe: too many open files?");
  return { readFd: pipeFds.readInt32LE(0), writeFd: pipeFds.readInt32LE(4) };
}

/** Two sockets that are connected to each other, closed on exec. Errors: throws if no descriptor is left. */
export function makeSocketPair(): [ownFd: number, childFd: number] {
  if (libc.socketpair(AF_UNIX, SOCK_STREAM | O_CLOEXEC, 0, pipeFds) !== 0)
    throw new Error("cannot make a socket pair: too many open files?");
  return [pipeFds.readInt32LE(0), pipeFds.readInt32LE(4)];
}

/** A file in memory, without a path, kept on exec. Errors: throws if it cannot be made. */
export function makeMemoryFile(): number {
  const fd = libc.memfd_create(Buffer.from("djinit\0"), 0);
  if (fd === -1) throw new Error("cannot make a file in memory: too many open files?");
  return fd;
}

/** The version of the kernel's Landlock; 0: none that this process may use. */
export function landlockVersion(): number {
  const version = Number(libc.syscall(LANDLOCK_CREATE_RULESET, 0n, 0n, LANDLOCK_ASK_VERSION));
  return Math.max(0, version);
}

/** Sets how many bytes a pipe holds. False if the kernel refuses, as it does to users with many large pipes. */
export function resizePipe(fd: number, bytes: number): boolean {
  return libc.fcntl(fd, F_SETPIPE_SZ, bytes) >= bytes;
}

/** Whether a descriptor is closed or kept when this process or a child of it executes another program. */
export function closeOnExec(fd: number, closes: boolean): void {
  libc.fcntl(fd, F_SETFD, closes ? FD_CLOEXEC : 0);
}

/**
 * Takes the lock of an open file. It is held as long as the file stays open, also across exec. False while another process
 * holds it.
 */
export function lockFile(fd: number): boolean {
  return libc.flock(fd, LOCK_EX | LOCK_NB) === 0;
}

/** The same lock, shared with others who ask for it so. */
export function lockFileShared(fd: number): boolean {
  return libc.flock(fd, LOCK_SH | LOCK_NB) === 0;
}

/** Resets a signal to its default action, also for the next program of this process. */
export function resetSignal(name: NodeJS.Signals): void {
  libc.signal(constants.signals[name], SIG_DFL);
}

/** The calls for listening sockets. Each returns the system call's result. */
export const socketCalls = {
  socket: (family: number, type: number): number => libc.socket(family, type, 0),
  setInt: (fd: number, level: number, option: number, value: number): boolean => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return libc.setsockopt(fd, level, option, bytes, bytes.length) === 0;
  },
  /** Fills `value`. False if the kernel has no such option. */
  get: (fd: number, level: number, option: number, value: Buffer): boolean => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(value.length);
    return libc.getsockopt(fd, level, option, value, length) === 0;
  },
  bind: (fd: number, address: Buffer): boolean => libc.bind(fd, address, address.length) === 0,
  listen: (fd: number, backlog: number): boolean => libc.listen(fd, backlog) === 0,
};

/** Blocks signals in this thread and in threads it starts. The mask outlives execve(2). */
export function blockSignals(names: readonly NodeJS.Signals[]): void {
  libc.pthread_sigmask(SIG_BLOCK, signalSet(names), Buffer.alloc(SIGSET_BYTES));
}

/** Unblocks signals. Pending ones arrive at once. */
export function unblockSignals(names: readonly NodeJS.Signals[]): void {
  libc.pthread_sigmask(SIG_UNBLOCK, signalSet(names), Buffer.alloc(SIGSET_BYTES));
}

/**
 * Runs `action`, which must not wait, with another user's rights to files. They are this thread's alone, and last no longer:
 * no process is started with them, and all else is done as before. Without CAP_SETUID nothing changes. Errors: those of `action`.
 */
export function withFilesOf<T>({ uid, gid }: { uid: number; gid: number }, action: () => T): T {
  const isDumpable = libc.prctl(PR_GET_DUMPABLE, 0n, 0n, 0n, 0n) === 1;
  const [ownUid, ownGid] = [libc.setfsuid(uid), libc.setfsgid(gid)];
  try {
    return action();
  } finally {
    libc.setfsgid(ownGid);
    libc.setfsuid(ownUid);
    // Else this process's files in /proc would be root's from now on.
    if (isDumpable) libc.prctl(PR_SET_DUMPABLE, 1n, 0n, 0n, 0n);
  }
}

/** Returns free memory of the heap to the kernel. */
export function trimHeap(): void {
  libc.malloc_trim(0n);
}

/** Takes pages of a mapped file out of this process. What differs from the file would be lost: only for unchanged ones. */
export function dropPages(start: bigint, bytes: bigint): void {
  libc.madvise(start, bytes, MADV_DONTNEED);
}

function signalSet(names: readonly NodeJS.Signals[]): Buffer {
  const set = Buffer.alloc(SIGSET_BYTES);
  for (const name of names) {
    const bit = constants.signals[name] - 1;
    set.writeUInt8(set.readUInt8(bit >> 3) | (1 << (bit % 8)), bit >> 3);
  }
  return set;
}

/** Ends this process. `process.exit` waits for Node's threads, and one that asks a file system that does not answer never returns. */
export function exitAtOnce(status: number): never {
  libc._exit(status);
  throw new Error("_exit returned");
}
