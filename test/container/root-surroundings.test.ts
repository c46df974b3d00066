// What a script before djinit leaves to it: bytes that are no text, a umask.
import { expect, test } from "vitest";
import { docker } from "../support/docker-cli.ts";
import { runContext } from "../support/run-context.ts";
import { isReady, serves } from "./cake-subject.ts";
import { startProject } from "./project-subject.ts";

test("bytes that are not UTF-8 reach the command as they are, and so do the characters that stand for them on the way", async () => {
  const bytes = "p\\303\\244\\377\\300\\200\\364\\217\\276\\277\\355\\240\\200\\360\\237\\215\\260";
  const script = `export ODD="$(printf '${bytes}')"; exec djinit sh -c 'printf "%s" "$ODD" "$0" | od -An -v -tx1' "$ODD"`;
  const entry = ["run", "--rm", "--entrypoint", "sh", runContext().images.example, "-c", script];
  const hex = "70c3a4ffc080f48fbebfeda080f09f8db0";
  expect((await docker("run it", entry)).replaceAll(/\s/g, "")).toBe(hex + hex);
});

test("a umask of the container's is for the application: nginx reads djinit's files", async () => {
  await using strict = await startProject({
    entrypoint: "sh",
    command: ["-c", "umask 077; exec djinit cake_service.wsgi:application"],
    publish: [8000],
  });
  await strict.record("readiness", isReady, 60_000);
  await serves(strict);
});
