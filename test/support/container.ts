import { type CliOptions, docker, type Ran, tryDocker } from "./docker-cli.ts";
import { eventually } from "./eventually.ts";
import { LogWatch } from "./log-watch.ts";
import { type LogRecord, parseRecords } from "./records.ts";

/** The part of `docker inspect` that tests look at; the rest is there too. */
export interface Inspected {
  Id: string;
  State: {
    Status: string;
    Running: boolean;
    Pid: number;
    ExitCode: number;
    OOMKilled: boolean;
    Health?: { Status: string };
  };
  Config: { Env: string[] | null; Labels: Record<string, string> };
  NetworkSettings: {
    Ports: Record<string, { HostIp: string; HostPort: string }[] | null>;
    Networks: Record<string, { IPAddress: string }>;
  };
  [field: string]: unknown;
}

export interface ExecOptions extends CliOptions {
  user?: string;
  privileged?: boolean;
  workdir?: string;
}

/** A container of the tests. `await using` removes it at the end of the block. */
export class Container implements AsyncDisposable {
  readonly id: string;
  readonly name: string;

  constructor(id: string, name: string) {
    this.id = id;
    this.name = name;
  }

  async inspect(): Promise<Inspected> {
    const text = await docker(`inspect ${this.name}`, ["inspect", this.id]);
    return (JSON.parse(text) as [Inspected])[0];
  }

  /** Its address in the first network it is in. Errors: it is in none, for instance because it has ended. */
  async ip(): Promise<string> {
    const { NetworkSettings } = await this.inspect();
    const address = Object.values(NetworkSettings.Networks)[0]?.IPAddress;
    if (!address) throw new Error(`cannot find the address of ${this.name}: it is in no network`);
    return address;
  }

  /** The port of 127.0.0.1 that leads to `containerPort`. Errors: that one is not published. */
  async port(containerPort: number): Promise<number> {
    const { NetworkSettings } = await this.inspect();
    const binding = NetworkSettings.Ports[`${containerPort}/tcp`]?.[0];
    if (binding === undefined)
      throw new Error(`cannot reach port ${containerPort} of ${this.name}: it is not published`);
    return Number(binding.HostPort);
  }

  /** `http://127.0.0.1:…` of the published port 8000, with `path`. */
  async url(path = "/"): Promise<string> {
    return `http://127.0.0.1:${await this.port(8000)}${path}`;
  }

  /** Stdout and stderr so far. */
  async logs(): Promise<string> {
    return (await tryDocker(["logs", this.id])).all;
  }

  async stdout(): Promise<string> {
    return (await tryDocker(["logs", this.id])).stdout;
  }

  async stderr(): Promise<string> {
    return (await tryDocker(["logs", this.id])).stderr;
  }

  /** Stdout so far as records. Errors: a line does not parse. */
  async records(): Promise<LogRecord[]> {
    return parseRecords(await this.stdout());
  }

  /** Waits until a record fulfils `matches`, and gives it. Errors: none does within `timeoutMs`; with the log. */
  async record(
    what: string,
    matches: (record: LogRecord) => boolean,
    timeoutMs = 30_000,
  ): Promise<LogRecord> {
    const find = async (): Promise<LogRecord | false> => (await this.records()).find(matches) ?? false;
    // Most have come by then.
    const found = await find().catch(() => false as const);
    if (found !== false) return found;
    using watch = new LogWatch(this.id, matches);
    return await eventually<LogRecord>(
      async () => {
        const record = await find();
        if (record === false) throw new Error(`no record of ${what}`);
        return record;
      },
      { what, timeoutMs, next: () => watch.next(), attach: () => this.logs() },
    );
  }

  /** Runs a command inside; never throws. */
  async exec(command: readonly string[], options: ExecOptions = {}): Promise<Ran> {
    const { user, privileged, workdir, ...rest } = options;
    const args = ["exec"];
    if (user !== undefined) args.push("--user", user);
    if (privileged === true) args.push("--privileged");
    if (workdir !== undefined) args.push("--workdir", workdir);
    if (rest.input !== undefined) args.push("--interactive");
    return tryDocker([...args, this.id, ...command], rest);
  }

  /** Runs a command inside and gives its stdout. Errors: it ended with another status than 0. */
  async output(command: readonly string[], options: ExecOptions = {}): Promise<string> {
    const ran = await this.exec(command, options);
    if (!ran.ok)
      throw new Error(`cannot run ${command.join(" ")} in ${this.name}: status ${ran.exitCode}\n${ran.all}`);
    return ran.stdout;
  }

  /** Sends a signal to PID 1, such as `HUP`. */
  async signal(name: string): Promise<void> {
    await docker(`signal ${this.name}`, ["kill", "--signal", name, this.id]);
  }

  /** TERM, and KILL after `timeoutS`. Returns the exit status. */
  async stop(timeoutS = 30): Promise<number> {
    await docker(`stop ${this.name}`, ["stop", "--time", String(timeoutS), this.id]);
    return this.wait();
  }

  /** The exit status, when it has ended. Errors: it runs on after `timeoutMs`; with the log. */
  async wait(timeoutMs = 60_000): Promise<number> {
    const ran = await tryDocker(["wait", this.id], { timeoutMs });
    if (ran.ok) return Number(ran.stdout);
    const cause = ran.timedOut ? `it still runs after ${timeoutMs} ms` : ran.stderr;
    throw new Error(`cannot wait for the end of ${this.name}: ${cause}\n${await this.logs()}`);
  }

  async rm(): Promise<void> {
    await tryDocker(["rm", "--force", "--volumes", this.id]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rm();
  }
}
