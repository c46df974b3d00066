// The files of the subject: what is served, and beside it what nobody may have.
import { SECRET } from "./secret.ts";

/** HTML, whatever its name says. */
export const MARKUP = "<html><script>alert(document.domain)</script>";

export const FILES: Record<string, string> = {
  "/app/settings.py": SECRET,
  "/app/db.sqlite3": SECRET,
  "/app/static/page.txt": "page",
  "/app/static/css/site.css": "body{}",
  "/app/static/.env": SECRET,
  "/app/static/.git/config": SECRET,
  "/app/static/settings.py.bak": SECRET,
  "/app/static/staticfiles.json": SECRET,
  "/app/static-secret/key.txt": SECRET,
  "/app/media/page.txt": "0123456789",
  "/app/media/.env": SECRET,
  "/app/media/.ssh/id_ed25519": SECRET,
  "/app/media-secret/key.txt": SECRET,
  "/srv/protected/paper.txt": "paper",
  "/srv/protected/.env": SECRET,
  "/srv/protected-secret/key.txt": SECRET,
  "/srv/key.txt": SECRET,
};
for (const extension of [
  "html",
  "svg",
  "xml",
  "js",
  "mjs",
  "txt",
  "shtml",
  "php",
  "bin",
  "pdf",
  "png",
  "svg.png",
  "html;.png",
])
  FILES[`/app/media/upload.${extension}`] = MARKUP;

/** What an application that has been taken over may lay there. */
export const PLANT = [
  "ln -s /app/settings.py /app/media/link.txt",
  "ln -s / /app/media/root",
  "ln -s page.txt /app/media/inside.txt",
  "mkfifo /app/media/fifo.txt",
].join("\n");
