declare const __DJINIT_VERSION__: string | undefined;

/** djinit's own version. The bundler fills it in. */
export const VERSION: string = typeof __DJINIT_VERSION__ === "undefined" ? "unbundled" : __DJINIT_VERSION__;
