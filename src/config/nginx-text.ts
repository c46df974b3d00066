/** What ends a word, a string or a line of nginx's, or names a variable there: `$` cannot be written in any other way. */
const NOT_QUOTABLE = /[\p{Cc}"'\\$;{}#]/u;

/** Whether a text may stand between double quotes in a file of nginx's, and means itself. */
export function fitsNginx(text: string): boolean {
  return !NOT_QUOTABLE.test(text);
}
