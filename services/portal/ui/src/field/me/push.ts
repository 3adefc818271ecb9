/** Notifications with the app closed, where the browser has them (web push). */
import { ask } from "../outbox/ask";

export type Push = "missing" | "off" | "on" | "denied" | "failed";
const LIMIT_MS = 15_000;
const KEPT = "gaswatch.field.push";

export function isThere(): boolean {
  return "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
}

async function registration(): Promise<ServiceWorkerRegistration | undefined> {
  return navigator.serviceWorker.getRegistration("/field/");
}

export async function pushState(): Promise<Push> {
  if (!isThere()) return "missing";
  if (Notification.permission === "denied") return "denied";
  const found = await (await registration())?.pushManager.getSubscription();
  return found ? "on" : "off";
}

/** Ask for permission and tell the portal where to push to; only on somebody's touch. */
export async function subscribe(language: string): Promise<Push> {
  if (!isThere()) return "missing";
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  const said = await ask("/api/v1/push-key", { method: "GET" }, LIMIT_MS);
  const key = said?.status === 200 ? said.body?.["key"] : null;
  const worker = await registration();
  if (typeof key !== "string" || !worker) return "failed";
  try {
    const had = await worker.pushManager.getSubscription();
    const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { endpoint, keys } = made.toJSON();
    const told = await ask(
      "/api/v1/push-subscriptions",
      { method: "POST", headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() }, body: JSON.stringify({ endpoint, keys, language }) },
      LIMIT_MS,
    );
    const id = told?.body?.["subscription_id"];
    if (told && told.status < 300 && typeof id === "string") {
      localStorage.setItem(KEPT, id);
      return "on";
    }
    // What worked before goes on working; the portal may have heard of it earlier.
    if (!had) await made.unsubscribe();
    return "failed";
  } catch {
    return "failed";
  }
}

/** Tell the portal again, in the session of now, until it has heard: it forgot what an ended session had asked for. */
export function tellAgain(language: string): () => void {
  let isDone = false;
  let isAsking = false;
  const tell = async (): Promise<void> => {
    if (isDone || isAsking) return;
    isAsking = true;
    try {
      isDone = (await pushState()) !== "on" || (await subscribe(language)) !== "failed" || isDone;
    } finally {
      isAsking = false;
    }
  };
  const go = (): void => void tell().catch(() => undefined);
  const stop = (): void => {
    isDone = true;
    window.removeEventListener("online", go);
    window.removeEventListener("focus", go);
  };
  window.addEventListener("online", go);
  window.addEventListener("focus", go);
  go();
  return stop;
}

/** Ring no more for who leaves this phone. */
export async function unsubscribe(): Promise<void> {
  if (!isThere()) return;
  const id = localStorage.getItem(KEPT);
  if (id) await fetch(`/api/v1/push-subscriptions/${encodeURIComponent(id)}`, { method: "DELETE" }).catch(() => undefined);
  localStorage.removeItem(KEPT);
  await (await (await registration())?.pushManager.getSubscription())?.unsubscribe();
}
