// A container on a terminal, as a person has it before them.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { runContext } from "../support/run-context.ts";
import { RUN_LABEL } from "../support/run-id.ts";

export interface TerminalOptions {
  image: string;
  command: readonly string[];
  env?: Record<string, string>;
}

/** `docker run -it`. The terminal is script(1)'s, which passes on what is typed. */
export class Terminal implements AsyncDisposable {
  readonly container: Container;
  readonly #script: ChildProcess;
  #screen = "";

  constructor({ image, command, env = {} }: TerminalOptions) {
    const { runId } = runContext();
    const name = `djinit-test-tty-${randomBytes(5).toString("hex")}`;
    const variables = Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
    const words = ["docker", "run", "-it", "--name", name, "--label", `${RUN_LABEL}=${runId}`, ...variables];
    const line = [...words, image, ...command].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    this.container = new Container(name, name);
    this.#script = spawn("script", ["--quiet", "--return", "--command", line, "/dev/null"], {
      stdio: "pipe",
    });
    for (const stream of [this.#script.stdout, this.#script.stderr])
      stream?.on("data", (data: Buffer) => {
        this.#screen += data.toString();
      });
  }

  type(keys: string): void {
    this.#script.stdin?.write(keys);
  }

  /** Waits until the screen has shown this. Errors: not in time; with all that it has shown. */
  async shows(what: string | RegExp): Promise<void> {
    const found = () => (typeof what === "string" ? this.#screen.includes(what) : what.test(this.#screen));
    await eventually(found, {
      what: `the terminal shows ${what}`,
      timeoutMs: 20_000,
      attach: async () => this.#screen,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.container.rm();
    this.#script.kill();
  }
}
