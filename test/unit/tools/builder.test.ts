import { describe, expect, test } from "vitest";
import { chooseBuilder } from "../../../tools/engine/builder.ts";
import { readAnswer } from "../../../tools/engine/engine.ts";

describe("the builder", () => {
  test.each([
    { version: "20.10.24+dfsg1", buildx: false, builder: "0" },
    { version: "20.10.24+dfsg1", buildx: true, builder: "0" },
    { version: "22.06.0-beta", buildx: true, builder: "0" },
    { version: "23.0.0", buildx: true, builder: undefined },
    { version: "26.1.5+dfsg1", buildx: false, builder: "0" },
    { version: "28.2.2", buildx: true, builder: undefined },
  ])("is $builder for engine $version, buildx $buildx", ({ version, buildx, builder }) => {
    expect(chooseBuilder({ version, buildx })).toBe(builder);
  });
});

describe("what docker version says", () => {
  const failed = { ok: false, missing: false };
  test.each([
    [{ ok: true, missing: false, stderr: "" }, "answers"],
    [{ ok: false, missing: true, stderr: "" }, "no client"],
    [
      { ...failed, stderr: "Cannot connect to the Docker daemon at unix:///var/run/docker.sock." },
      "no engine",
    ],
    [
      { ...failed, stderr: "failed to connect to the docker API at unix:///var/run/docker.sock" },
      "no engine",
    ],
    [
      {
        ...failed,
        stderr: "permission denied while trying to connect to the Docker daemon socket at unix:///x",
      },
      "denied",
    ],
    [{ ...failed, stderr: "Error response from daemon: client version 1.22 is too old." }, "other"],
  ])("%o means «%s»", (ran, answer) => {
    expect(readAnswer(ran)).toBe(answer);
  });
});
