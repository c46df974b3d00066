// The order of test files. vitest begins with the largest ones, which says nothing of how long they take: the projects' files are
// small, take minutes each, and came last, where one of them ran alone.
import { BaseSequencer, type TestSpecification } from "vitest/node";

const LONGEST = /\/test\/container\/projects\//;

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => LONGEST.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
