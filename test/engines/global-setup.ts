// vitest's globalSetup of the tests of engines: they bring their own Postgres.
import { prepareRun } from "../support/prepare-run.ts";

export default (): Promise<() => Promise<void>> => prepareRun({ withPostgres: false });
