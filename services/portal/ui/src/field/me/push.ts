/** Notifications with the app closed, where the browser has them (web push). */
import { ask } from "../outbox/ask";

export type Push = "missing" | "off" | "on" | "denied" | "failed";
const LIMIT_MS = 15_000;

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

/** The first text in an answer: the key, whatever it is called. */
function keyIn(body: Readonly<Record<string, unknown>> | null): string | null {
  const found = Object.values(body ?? {}).find((value) => typeof value === "string");
  return typeof found === "string" ? found : null;
}

/** Ask for permission and tell the portal where to push to; only on somebody's touch. */
export async function subscribe(): Promise<Push> {
  if (!isThere()) return "missing";
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  const said = await ask("/api/v1/push-key", { method: "GET" }, LIMIT_MS);
  const key = said?.status === 200 ? keyIn(said.body) : null;
  const worker = await registration();
  if (!key || !worker) return "failed";
  try {
    const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { endpoint, keys } = made.toJSON();
    const body = JSON.stringify({ endpoint, keys });
    const headers = { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() };
    const told = await ask("/api/v1/push-subscriptions", { method: "POST", headers, body }, LIMIT_MS);
    if (told && told.status < 300) return "on";
    await made.unsubscribe();
    return "failed";
  } catch {
    return "failed";
  }
}

/** Ring no more for who leaves this phone. */
export async function unsubscribe(): Promise<void> {
  if (!isThere()) return;
  await (await (await registration())?.pushManager.getSubscription())?.unsubscribe();
}

/** Leave the words of notifications for the worker, which has no catalogue. */
export async function leaveWords(words: Record<string, string>): Promise<void> {
  if (!("caches" in window)) return;
  const cache = await caches.open("gaswatch-words");
  await cache.put("/field/push-words", new Response(JSON.stringify(words), { headers: { "Content-Type": "application/json" } }));
}
