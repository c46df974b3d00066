/** On every image that stands in for one that could not be pulled; its value names that one. */
export const STAND_IN_LABEL = "org.djinit.stand-in";
