// vitest's globalSetup of the container tests.
import { prepareRun } from "./prepare-run.ts";

export default (): Promise<() => Promise<void>> => prepareRun();
