/** Staying signed in: a token lives ten minutes and is renewed before, by one tab of the browser for all of them. */

/** When the next renewal is due; one cookie serves all tabs. */
const KEPT = "gaswatch.renewal";
const LOCK = "gaswatch.renewal";
export const RENEW_MS = 240_000;
export const RETRY_MS = 20_000;
export const LIMIT_MS = 15_000;

/** `over`: nobody is signed in any more; `not`: it is not due, or another tab does it. */
export type Renewal = "renewed" | "failed" | "over" | "not";

/** A session that has just begun needs no renewal yet. */
export function begun(): void {
  localStorage.setItem(KEPT, String(Date.now() + RENEW_MS));
}

/** Nobody is signed in here any more: there is nothing to renew. */
export function over(): void {
  localStorage.removeItem(KEPT);
}

function isDue(): boolean {
  const left = Number(localStorage.getItem(KEPT) ?? 0) - Date.now();
  // What is due later than ever is due comes from a clock that was put back.
  return left <= 0 || left > RENEW_MS;
}

async function ask(): Promise<Renewal> {
  // Nobody else asks as long as this may be under way, and anybody may when the page goes before the answer.
  localStorage.setItem(KEPT, String(Date.now() + LIMIT_MS));
  let said: Renewal = "failed";
  try {
    const response = await fetch("/api/v1/session:refresh", { method: "POST", cache: "no-store", redirect: "error", signal: AbortSignal.timeout(LIMIT_MS) });
    if (response.status === 401) said = "over";
    // A page of a hotel's network is no answer of the portal.
    else if (response.ok && typeof ((await response.json()) as { token?: unknown }).token === "string") said = "renewed";
  } catch {
    /* tried again soon */
  }
  if (said === "failed") localStorage.setItem(KEPT, "0");
  else begun();
  return said;
}

/** Renew the session if that is due; `now`, if need be after another tab, because it has run out. */
export async function renew(now = false): Promise<Renewal> {
  const go = (): Renewal | Promise<Renewal> => (now || isDue() ? ask() : "not");
  if (!navigator.locks) return go();
  return navigator.locks.request(LOCK, { ifAvailable: !now }, (lock) => (lock ? go() : "not"));
}

/** Renew what became due while no page was open, before anything is asked with it; whoever never was here has nothing. */
export async function catchUp(): Promise<void> {
  if (localStorage.getItem(KEPT) !== null) await renew();
}

/** Renew the session when it is due as long as `wanted`, and tell what became of it; the returned function stops that. */
export function stay(told: (said: Renewal) => void, wanted: () => boolean = () => true): () => void {
  const go = (): void => {
    if (wanted()) void renew().then(told);
  };
  const timer = setInterval(go, RETRY_MS);
  window.addEventListener("online", go);
  document.addEventListener("visibilitychange", go);
  go();
  return () => {
    clearInterval(timer);
    window.removeEventListener("online", go);
    document.removeEventListener("visibilitychange", go);
  };
}
