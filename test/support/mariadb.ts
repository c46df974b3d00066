import { randomBytes } from "node:crypto";
import { type Container, runContainer } from "./docker.ts";
import { eventually } from "./eventually.ts";
import { runContext } from "./run-context.ts";

export interface Mariadb {
  container: Container;
  /** Makes an empty database; the URL is for other containers. */
  createDatabase(): Promise<{ name: string; url: string }>;
  /** Runs SQL and gives what the client prints, a line a row. */
  query(database: string, sql: string): Promise<string[]>;
}

/** Starts an empty MariaDB server. */
export async function startMariadb(): Promise<Mariadb> {
  const container = await runContainer({
    image: runContext().images.mariadb,
    publish: [],
    more: ["--tmpfs", "/tmp"],
  });
  const query = async (database: string, sql: string): Promise<string[]> => {
    const words = ["mariadb", "-h127.0.0.1", "-ucakes", "-pcakes", "-N", "-B", "-e", sql, database];
    return (await container.output(words)).split("\n").filter((line) => line !== "");
  };
  await eventually(() => query("", "select 1"), {
    what: "MariaDB answers",
    timeoutMs: 60_000,
    attach: () => container.logs(),
  });
  const createDatabase = async () => {
    const name = `test_${randomBytes(6).toString("hex")}`;
    await query("", `create database ${name}`);
    return { name, url: `mysql://cakes:cakes@${container.name}:3306/${name}` };
  };
  return { container, createDatabase, query };
}
