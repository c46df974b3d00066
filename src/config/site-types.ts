// How the variables about the project's files become values. Every message completes «NAME is "text", …».
import * as v from "valibot";
import { fitsNginx } from "./nginx-text.ts";

/** A path of URLs, such as /static/, with a slash at its end whether it was given or not; `none` for no such files. */
export const urlPrefix = () =>
  v.pipe(
    v.string(),
    v.check(
      (given) => given === "none" || (/^\/[^\s?]*[^\s?/]\/?$/.test(given) && fitsNginx(given)),
      "which is neither none nor a path such as /static/",
    ),
    v.transform((given) => (given === "none" || given.endsWith("/") ? given : `${given}/`)),
  );

/** A path of URLs, such as /shop, without a slash at its end whether it was given or not; nothing where `none` was given. */
export const scriptName = () =>
  v.pipe(
    v.string(),
    v.check(
      (given) => given === "none" || (/^\/[^\s?]*[^\s?/]\/?$/.test(given) && fitsNginx(given)),
      "which is neither none nor a path such as /shop",
    ),
    v.transform((given) => (given === "none" ? "" : given.replace(/\/$/, ""))),
  );
