import { describe, expect, test } from "vitest";
import { readServerWords } from "../../../../src/plan/servers/server-words.ts";
import { WEB_SERVER_TABLE, type WebServerName } from "../../../../src/plan/servers/table.ts";

const read = (line: string) => {
  const [server, ...words] = line.split(" ") as [WebServerName, ...string[]];
  const { application, isFactory, kept, replaced } = readServerWords(words, WEB_SERVER_TABLE[server]);
  return { application, isFactory, kept: kept.join(" "), replaced };
};

describe("what a developer writes is told apart: the application, what the server gets, what djinit answers", () => {
  test.each([
    ["uvicorn a.asgi:app --host 0.0.0.0 --port 8000", "a.asgi:app", "", ["--host 0.0.0.0", "--port 8000"]],
    ["uvicorn --port=80 --workers 4 a.asgi:app", "a.asgi:app", "--workers 4", ["--port=80"]],
    ["uvicorn --reload a.asgi:app", "a.asgi:app", "", ["--reload"]],
    ["uvicorn --reload-dir src a.asgi:app", "a.asgi:app", "", ["--reload-dir src"]],
    ["uvicorn --fd 0 --uds /x a.asgi:app", "a.asgi:app", "", ["--fd 0", "--uds /x"]],
    [
      "uvicorn --proxy-headers --forwarded-allow-ips * a:b",
      "a:b",
      "--proxy-headers --forwarded-allow-ips *",
      [],
    ],
    ["uvicorn --no-server-header --log-level debug a:b", "a:b", "--no-server-header --log-level debug", []],
    ["uvicorn --ssl-keyfile k --http h11 a:b", "a:b", "--http h11", ["--ssl-keyfile k"]],
    [
      "granian --interface asginl --host 0.0.0.0 a.asgi:app",
      "a.asgi:app",
      "--interface asginl",
      ["--host 0.0.0.0"],
    ],
    ["granian --no-ws --reload --workers 2 a:b", "a:b", "--no-ws --workers 2", ["--reload"]],
    ["granian --uds-permissions 777 --no-reload a:b", "a:b", "", ["--uds-permissions 777", "--no-reload"]],
    ["granian --access-log a:b", "a:b", "--access-log", []],
    ["daphne -b 0.0.0.0 -p 8000 a.asgi:application", "a.asgi:application", "", ["-b 0.0.0.0", "-p 8000"]],
    ["daphne -p8000 --proxy-headers -v 2 a:b", "a:b", "--proxy-headers -v 2", ["-p8000"]],
    ["daphne -e ssl:443:privateKey=k a:b -t 60", "a:b", "-t 60", ["-e ssl:443:privateKey=k"]],
    ["daphne -u /x.sock --fd 4 --no-server-name a:b", "a:b", "--no-server-name", ["-u /x.sock", "--fd 4"]],
    ["hypercorn a.asgi:app --bind 0.0.0.0:8000 -w 2", "a.asgi:app", "-w 2", ["--bind 0.0.0.0:8000"]],
    ["hypercorn -b :80 -D --reload --debug a:b", "a:b", "--debug", ["-b :80", "-D", "--reload"]],
    ["hypercorn -c file:conf.py --certfile c a:b", "a:b", "-c file:conf.py", ["--certfile c"]],
    ["hypercorn -- a:b", "a:b", "", []],
    ["uvicorn", undefined, "", []],
  ])("%s", (line, application, kept, replaced) => {
    expect(read(line)).toEqual({ application, isFactory: false, kept, replaced });
  });

  test("a factory is djinit's to call", () => {
    expect(read("uvicorn --factory a.asgi:make")).toMatchObject({ isFactory: true, kept: "" });
    expect(read("granian a.asgi:make --factory --ws")).toMatchObject({ isFactory: true, kept: "--ws" });
  });
});
