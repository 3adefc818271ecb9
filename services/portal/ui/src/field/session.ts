/** Who works with this phone, with and without network. */
import { api } from "../api/client";
import { type Me, appOf, whoAmI } from "../people/session";
import { clockOffset } from "./outbox/ask";

const KEPT = "gaswatch.field.me";
const RENEWED = "gaswatch.field.renewed";
const ANSWER_MS_MAX = 5_000;
const RENEW_MS = 240_000;
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

/** Ask the portal who is signed in; on a bad network for five seconds at most. */
export async function ask(): Promise<Asked> {
  const late = new Promise<never>((_resolve, reject) => setTimeout(() => reject(new Error("late")), ANSWER_MS_MAX));
  try {
    const me = await Promise.race([whoAmI(), late]);
    if (!me) return { is: "nobody" };
    if (me.owes || appOf(me.role) !== "/field/") return { is: "other" };
    return { is: "here", me };
  } catch {
    return { is: "away" };
  }
}

/** A session that has just begun is not renewed at once: an answer that a reload loses would end it. */
export function begun(): void {
  localStorage.setItem(RENEWED, String(Date.now()));
}

/** Renew the session now and then, by one tab; a phone that slept does so as soon as it wakes. */
export function keepSession(): () => void {
  const renew = (): void => {
    const age = Date.now() - Number(localStorage.getItem(RENEWED) ?? 0);
    if (document.visibilityState !== "visible" || (age >= 0 && age < RENEW_MS)) return;
    localStorage.setItem(RENEWED, String(Date.now()));
    api.POST("/api/v1/session:refresh").catch(() => localStorage.removeItem(RENEWED));
  };
  const timer = setInterval(renew, 30_000);
  window.addEventListener("online", renew);
  document.addEventListener("visibilitychange", renew);
  renew();
  return () => {
    clearInterval(timer);
    window.removeEventListener("online", renew);
    document.removeEventListener("visibilitychange", renew);
  };
}
