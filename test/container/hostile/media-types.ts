// Uploads: HTML with a script under each of these names. A browser may not run it in the site's origin.
import { get, type HostileCase } from "./case.ts";
import { MARKUP } from "./files.ts";

const SANDBOX = /^default-src 'none'; .*\bsandbox$/;
const upload = (
  extension: string,
  type: string,
  policy: RegExp | null,
  ...headers: string[]
): HostileCase => ({
  name: `upload.${extension}${headers.map((header) => `, ${header}`).join("")}`,
  send: get(`/media/upload.${extension}?{id}`, ...headers),
  answers: [200],
  headers: { "content-type": type, "x-content-type-options": "nosniff", "content-security-policy": policy },
  body: MARKUP,
});

export const MEDIA_TYPES: readonly HostileCase[] = [
  upload("html", "text/html", SANDBOX),
  upload("html", "text/html", SANDBOX, "Accept: image/png"),
  upload("HTML".toLowerCase(), "text/html", SANDBOX, "Sec-Fetch-Dest: image"),
  upload("svg", "image/svg+xml", SANDBOX),
  upload("xml", "text/xml", SANDBOX),
  upload("js", "application/javascript", SANDBOX),
  upload("mjs", "application/javascript", SANDBOX),
  upload("txt", "text/plain", SANDBOX),
  upload("shtml", "text/html", SANDBOX),
  upload("php", "application/octet-stream", SANDBOX),
  upload("bin", "application/octet-stream", SANDBOX),
  upload("pdf", "application/pdf", null),
  upload("png", "image/png", null),
  upload("svg.png", "image/png", null),
  upload("html;.png", "image/png", null),
  upload("html%3b.png", "image/png", null),
  {
    name: "a name with a path behind it, as PHP has it, is no file",
    send: get("/media/upload.png/evil.html?{id}"),
    answers: [404],
  },
  {
    name: "a directory is not listed",
    send: get("/media/?{id}"),
    answers: [404],
  },
  {
    name: "a 404 of the uploads has the policy too",
    send: get("/media/none.html?{id}"),
    answers: [404],
    headers: { "content-security-policy": SANDBOX, "x-content-type-options": "nosniff" },
  },
];
