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
    await made.unsubscribe();
    return "failed";
  } catch {
    return "failed";
  }
}

/** Tell the portal again, in the session of now: it forgot what an ended session had asked for. */
export async function tellAgain(language: string): Promise<void> {
  if ((await pushState()) === "on") await subscribe(language);
}

/** Ring no more for who leaves this phone. */
export async function unsubscribe(): Promise<void> {
  if (!isThere()) return;
  const id = localStorage.getItem(KEPT);
  if (id) await fetch(`/api/v1/push-subscriptions/${encodeURIComponent(id)}`, { method: "DELETE" }).catch(() => undefined);
  localStorage.removeItem(KEPT);
  await (await (await registration())?.pushManager.getSubscription())?.unsubscribe();
}
