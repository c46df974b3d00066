// Listening sockets for other programs. Node itself would accept connections from a socket that it listens on.
import { closeSync } from "node:fs";
import { isIPv4, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { socketCalls } from "./libc.ts";

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4_000;
const SOCK_CLOEXEC = 0o2_000_000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_REUSEPORT = 15;
const IPPROTO_IP = 0;
const IPPROTO_IPV6 = 41;
const IP_MINTTL = 21;
const IPV6_V6ONLY = 26;
const IPV6_MINHOPCOUNT = 73;
const IN_BYTES = 16;
const IN6_BYTES = 28;
const UNIX_PATH_BYTES = 108;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const TCP_INFO_BYTES = 104;
/** tcpi_unacked: for a listener, the number of connections that wait to be accepted. */
const TCPI_UNACKED_OFFSET = 24;
/** An address at which nobody listens on purpose, but every listener at all IPv4 addresses does. */
const SPARE_LOOPBACK = "127.255.255.254";
/** A TTL that no common system sends, and that no packet has after a router. */
const UNREACHABLE_TTL = 255;

export interface TcpAddress {
  /** Numeric, IPv4 or IPv6. */
  host: string;
  port: number;
  /** IPv6 only, without IPv4. */
  onlyV6?: boolean;
  /** The port is not shared: another socket of the same user, perhaps in another container, must not take connections. */
  isExclusive?: boolean;
  /** The interface, for link-local IPv6 addresses. */
  scopeId?: number;
}

/**
 * A socket that listens at `address`; undefined if the kernel refuses, because the port is taken or there is no such address.
 * Unless it is exclusive, it shares its port (SO_REUSEPORT) with sockets of the same user.
 */
export function listenTcp(address: TcpAddress, backlog: number): number | undefined {
  return listenAt(address, backlog, false);
}

/**
 * Sockets that listen at each single address of this host and take no connection. The kernel prefers them to a listener at
 * all addresses (`0.0.0.0`, `::`), and drops each SYN to them because its TTL is too small. Clients send it again after a
 * second. Empty if `address` is a single address, or if the kernel lacks an option for this.
 */
export function divertConnections(address: TcpAddress): number[] {
  const { host, port, onlyV6 } = address;
  if (host !== "0.0.0.0" && host !== "::") return [];
  const fds: number[] = [];
  for (const { address: own, scopeid } of Object.values(networkInterfaces()).flatMap((each) => each ?? [])) {
    if (isIPv6(own) ? host === "0.0.0.0" : host === "::" && onlyV6 === true) continue;
    const decoy = { host: own, port, ...(isIPv6(own) ? { onlyV6: true, scopeId: scopeid ?? 0 } : {}) };
    const fd = listenAt(decoy, 1, true);
    if (fd !== undefined) fds.push(fd);
  }
  return fds;
}

/** The number of connections that wait to be accepted. */
export function countWaiting(fd: number): number {
  const info = Buffer.alloc(TCP_INFO_BYTES);
  return socketCalls.get(fd, IPPROTO_TCP, TCP_INFO, info) ? info.readUInt32LE(TCPI_UNACKED_OFFSET) : 0;
}

/** Whether a socket listens at all IPv4 addresses. It tells nothing about IPv6-only sockets. */
export function isPortHeld(port: number): boolean {
  const fd = socketCalls.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC);
  if (fd === -1) return false;
  // Without this, the remains of closed connections would count.
  socketCalls.setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  const isFree = socketCalls.bind(fd, encodeV4({ host: SPARE_LOOPBACK, port }));
  closeSync(fd);
  return !isFree;
}

/** A socket that listens at `path`, with the mode that the umask leaves. Errors: throws if it cannot be made. */
export function listenUnix(path: string, backlog: number): number {
  const bytes = Buffer.alloc(2 + UNIX_PATH_BYTES);
  bytes.writeUInt16LE(AF_UNIX);
  if (Buffer.byteLength(path) >= UNIX_PATH_BYTES)
    throw new Error(`cannot listen at ${path}: the path is too long`);
  bytes.write(path, 2);
  const fd = socketCalls.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd !== -1 && socketCalls.bind(fd, bytes) && socketCalls.listen(fd, backlog)) return fd;
  if (fd !== -1) closeSync(fd);
  throw new Error(`cannot listen at ${path}`);
}

function listenAt(address: TcpAddress, backlog: number, dropsAll: boolean): number | undefined {
  const six = !isIPv4(address.host);
  const fd = socketCalls.socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd === -1) return undefined;
  const { setInt } = socketCalls;
  const listens =
    setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
    setInt(fd, SOL_SOCKET, SO_REUSEPORT, address.isExclusive === true ? 0 : 1) &&
    (!six || setInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, address.onlyV6 === true ? 1 : 0)) &&
    // Before it listens, so that no connection gets in.
    (!dropsAll || dropAll(fd, six)) &&
    socketCalls.bind(fd, six ? encodeV6(address) : encodeV4(address)) &&
    socketCalls.listen(fd, backlog);
  if (listens) return fd;
  closeSync(fd);
  return undefined;
}

function dropAll(fd: number, six: boolean): boolean {
  return six
    ? socketCalls.setInt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, UNREACHABLE_TTL)
    : socketCalls.setInt(fd, IPPROTO_IP, IP_MINTTL, UNREACHABLE_TTL);
}

/** struct sockaddr_in. */
function encodeV4({ host, port }: TcpAddress): Buffer {
  const bytes = Buffer.alloc(IN_BYTES);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(host.split(".").map(Number), 4);
  return bytes;
}

/** struct sockaddr_in6. */
function encodeV6({ host, port, scopeId = 0 }: TcpAddress): Buffer {
  const bytes = Buffer.alloc(IN6_BYTES);
  bytes.writeUInt16LE(AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  for (const [at, group] of groupsOf(host).entries()) bytes.writeUInt16BE(group, 8 + 2 * at);
  bytes.writeUInt32LE(scopeId, 24);
  return bytes;
}

/** The eight groups of an IPv6 address, with `::` and a trailing IPv4 address written out. */
function groupsOf(host: string): number[] {
  const numeric = host.replace(/%.*$/, "").replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = "", tail] = numeric.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill("0");
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}
