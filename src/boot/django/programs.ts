// A bundle of its own: boots that run no program of Django's need not load it, which takes as long as Node's own start.
export { execa } from "execa";
