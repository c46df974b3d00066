/** Whoever reads this in an answer has read what nobody may. */
export const SECRET = "SECRET-of-the-container";
