// Connections that a web server has accepted when it is told to end, and whose requests it has not read yet.
import { expect } from "vitest";
import type { Container } from "../support/docker.ts";
import { mainPid, serves } from "./cake-subject.ts";

/** A machine that does something else may be late with the requests, and then nobody waits for them. */
const ATTEMPTS = 5;

/** nginx is left out: it sends a request as soon as it is connected. */
const ASK_LATE = `
import os, signal, socket, sys, time

def connect():
    it = socket.socket(socket.AF_UNIX)
    it.settimeout(20)
    it.connect("/run/gunicorn/gunicorn.sock")
    return it

def ask(it):
    try:
        it.sendall(b"GET /health/ HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
        return it.recv(12).decode()
    except OSError as error:
        return type(error).__name__

late = [connect() for _ in range(4)]
# It has accepted them when it has answered one that came behind them.
for _ in range(8):
    ask(connect())
os.kill(int(sys.argv[1]), signal.SIGTERM)
time.sleep(0.05)
print(*sorted({ask(it) for it in late}), sep=", ")
`;

/** Such requests are answered. The server is ended for this, and PID 1 starts it anew. */
export async function expectLateAnswered(container: Container, server: string): Promise<void> {
  const seen: string[] = [];
  while (seen.length < ATTEMPTS && seen.at(-1) !== "HTTP/1.1 200") {
    const pid = String(await mainPid(container, server));
    seen.push(await container.output(["python", "-c", ASK_LATE, pid], { user: "root" }));
    await serves(container, "/health/");
  }
  expect(seen.at(-1), JSON.stringify(seen)).toBe("HTTP/1.1 200");
}
