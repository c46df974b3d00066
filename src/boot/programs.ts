// A bundle of its own, for boots that run no program need not load it: that takes as long as Node's own start.
export { execa } from "execa";
export { default as treeKill } from "tree-kill";
