/** The service worker of the crew's app: the app without network, and what is pushed to the phone. */
export {};
/** `__FILES__` is put in by the build: what the app consists of. */
declare const self: ServiceWorkerGlobalScope & { __FILES__: string[] };

const PAGE = "/field/";
const FILES = self.__FILES__;
const CACHE_PREFIX = "gaswatch-field-";
const CACHE = CACHE_PREFIX + nameOf(FILES);
const NETWORK_MS_MAX = 3_000;

/** Return a short name of this build: other files, another cache. */
function nameOf(files: readonly string[]): string {
  let hash = 5381;
  for (const letter of files.join()) hash = ((hash * 33) ^ letter.charCodeAt(0)) >>> 0;
  return hash.toString(36);
}

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      await cache.addAll(FILES.map((url) => new Request(new URL(url, location.origin), { cache: "reload" })));
      await cache.add(new Request(PAGE, { cache: "reload" }));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      // The build before stays: a page that is open may still want one of its files.
      const old = (await caches.keys()).filter((name) => name.startsWith(CACHE_PREFIX) && name !== CACHE);
      await Promise.all(old.slice(0, -1).map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || url.pathname.startsWith("/api/")) return;
  if (request.mode === "navigate" && url.pathname.startsWith(PAGE)) event.respondWith(page(request));
  else if (url.pathname.startsWith("/assets/") || url.pathname.startsWith(PAGE)) event.respondWith(file(request));
});

/** The page from the portal when it answers soon, else as it was when this worker came. */
async function page(request: Request): Promise<Response> {
  const kept = await (await caches.open(CACHE)).match(PAGE);
  if (!kept) return fetch(request);
  try {
    const fresh = await fetch(request, { signal: AbortSignal.timeout(NETWORK_MS_MAX) });
    return fresh.ok ? fresh : kept;
  } catch {
    return kept;
  }
}

async function file(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}

/** What notification tells a phone, in the language of its user; `subject` is the order when `topic` says so. */
interface Pushed {
  title?: string;
  body?: string;
  topic?: string;
  subject?: string;
}

self.addEventListener("push", (event) => {
  let said: Pushed = {};
  try {
    said = (event.data?.json() ?? {}) as Pushed;
  } catch {
    /* a push that cannot be read still says that there is something */
  }
  event.waitUntil(
    self.registration.showNotification(said.title ?? "Gaswatch", {
      body: said.body ?? "",
      tag: said.subject ?? "gaswatch",
      icon: "/field/icon-192.png",
      badge: "/field/badge-96.png",
      requireInteraction: true,
      data: { order_id: said.topic === "order" ? (said.subject ?? null) : null },
      ...({ renotify: true, vibrate: [400, 200, 400, 200, 800] } as NotificationOptions),
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { order_id } = (event.notification.data ?? {}) as { order_id?: string | null };
  const url = order_id ? `${PAGE}?order=${encodeURIComponent(order_id)}` : PAGE;
  event.waitUntil(
    (async () => {
      const open = await self.clients.matchAll({ type: "window" });
      const mine = open.find((one) => new URL(one.url).pathname.startsWith(PAGE));
      if (!mine) return void (await self.clients.openWindow(url));
      mine.postMessage({ open: url });
      await mine.focus();
    })(),
  );
});
