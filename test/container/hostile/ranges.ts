// Parts of files, conditions, and encodings that nobody knows. /media/page.txt is 0123456789.
import { get, type HostileCase } from "./case.ts";

const FILE = "/media/page.txt?{id}";
const asked = (name: string, header: string, status: number, body?: string | RegExp): HostileCase => ({
  name: `${name}: ${header.slice(0, 60)}`,
  send: get(FILE, header),
  answers: [status],
  ...(body === undefined ? {} : { body }),
});

export const RANGES: readonly HostileCase[] = [
  asked("one part", "Range: bytes=1-3", 206, /^123$/),
  asked("the end", "Range: bytes=-2", 206, /^89$/),
  asked("the end, more than there is", "Range: bytes=-500", 206, /^0123456789$/),
  asked("beyond the end", "Range: bytes=5-500", 206, /^56789$/),
  asked("all of it beyond the end", "Range: bytes=500-", 416),
  asked("backwards", "Range: bytes=5-1", 416),
  asked("of nothing", "Range: bytes=-0", 416),
  asked("without numbers", "Range: bytes=-", 416),
  asked("below zero", "Range: bytes=--5", 416),
  asked("ending beyond 64 bits", "Range: bytes=0-99999999999999999999", 416),
  asked("beginning beyond 64 bits", "Range: bytes=99999999999999999999-", 416),
  asked("of another unit", "Range: cakes=0-1", 200, /^0123456789$/),
  asked("two parts", "Range: bytes=0-0,9-9", 206, /0[\s\S]*9/),
  asked("more than the file: the file itself", `Range: bytes=${"0-,".repeat(100)}0-`, 200, /^0123456789$/),
  asked(
    "1,300 parts that overlap (Apache's killer)",
    `Range: bytes=${Array.from({ length: 1300 }, (_, at) => `5-${at}`)
      .join(",")
      .slice(0, 7000)}`,
    200,
  ),
  asked(
    "a range with If-Range of another file",
    `Range: bytes=1-3\r\nIf-Range: "other"`,
    200,
    /^0123456789$/,
  ),
  asked("a range with If-Range that is none", "Range: bytes=1-3\r\nIf-Range: \x01", 200, /^0123456789$/),
  asked("a date that is none", "If-Modified-Since: yesterday", 200),
  asked("a date of long ago", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT", 200),
  asked("a date beyond 32 bits", "If-Modified-Since: Fri, 01 Jan 9999 00:00:00 GMT", 200),
  asked("unchanged since long ago", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT", 412),
  asked("an asterisk", "If-None-Match: *", 304),
  asked("none that matches", 'If-Match: "other"', 412),
  asked("7,000 letters of If-None-Match", `If-None-Match: ${'"a",'.repeat(1700)}"b"`, 200),
  asked("an unknown encoding", "Accept-Encoding: evil", 200, /^0123456789$/),
  asked("every encoding refused", "Accept-Encoding: identity;q=0, *;q=0", 200, /^0123456789$/),
  asked("a weight that is none", "Accept-Encoding: gzip;q=nan", 200),
  asked("7,000 letters of Accept-Encoding", `Accept-Encoding: ${"gzip,".repeat(1400)}`, 200),
  {
    name: "ranges are the application's own where it answers",
    send: get("/{id}", "Range: bytes=0-0,-1,99999999999-"),
    answers: [200],
    body: "seen",
    seen: [{ request: "GET /{id}", headers: { range: "bytes=0-0,-1,99999999999-" } }],
  },
];
