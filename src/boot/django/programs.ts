// A bundle of its own: it takes as long to load as Node itself, and most boots start no Django.
export { execa } from "execa";
