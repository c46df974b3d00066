/** nginx's name for a header of a request. */
export function headerVariable(header: string): string {
  return `$http_${header.toLowerCase().replaceAll("-", "_")}`;
}
