/** The label of every image that replaces one that could not be pulled. Its value names the replaced image. */
export const STAND_IN_LABEL = "org.djinit.stand-in";
