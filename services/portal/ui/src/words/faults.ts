/** What the server refused in a form, in the reader's words. */
import i18next from "i18next";

interface Fault {
  loc: readonly (string | number)[];
  msg: string;
  type: string;
}

/** Return why a field was not taken; by its name and the API's own word where the catalogue knows none. */
export function faultWords({ loc, msg, type }: Fault): string {
  const key = `fault.${type}`;
  const words = i18next.t(key);
  return words !== key ? words : `${String(loc.at(-1) ?? "")}: ${msg}`;
}
