/** Who works with this phone, with and without network. */
import { type Me, appOf, whoAmI } from "../people/session";
import { type Renewal, renew, stay } from "../people/staying";
import { clockOffset } from "./outbox/ask";

const KEPT = "gaswatch.field.me";
const ANSWER_MS_MAX = 5_000;
/** Who has not been seen for longer (a shift without network and a day of clock error) signs in first. */
const REMEMBER_MS = 36 * 3_600_000;

interface Kept {
  me: Me;
  at_ms: number;
}

/** Remember who was here, so that a reload without network goes on. */
export function remember(me: Me): void {
  localStorage.setItem(KEPT, JSON.stringify({ me, at_ms: Date.now() + (clockOffset() ?? 0) } satisfies Kept));
}

export function remembered(): Me | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null") as Kept | null;
    return kept && Math.abs(Date.now() - kept.at_ms) < REMEMBER_MS ? kept.me : null;
  } catch {
    return null;
  }
}

export function forget(): void {
  localStorage.removeItem(KEPT);
}

export type Asked = { is: "here"; me: Me } | { is: "nobody" } | { is: "other" } | { is: "away" };

/** A token that ran out in a pocket is renewed as long as the crew's session lasts. */
async function who(): Promise<Me | null> {
  const me = await whoAmI();
  if (me || !remembered() || (await renew(true)) === "over") return me;
  return whoAmI();
}

/** Ask the portal who is signed in; on a bad network for five seconds at most. */
export async function ask(): Promise<Asked> {
  const late = new Promise<never>((_resolve, reject) => setTimeout(() => reject(new Error("late")), ANSWER_MS_MAX));
  try {
    const me = await Promise.race([who(), late]);
    if (!me) return { is: "nobody" };
    if (me.owes || appOf(me.role) !== "/field/") return { is: "other" };
    return { is: "here", me };
  } catch {
    return { is: "away" };
  }
}

/** Renew the session now and then; a phone that slept does so as soon as it wakes. */
export function keepSession(told: (said: Renewal) => void): () => void {
  return stay(told, () => document.visibilityState === "visible");
}
