/** Does what the outbox says is next, and says what came of it. */
import { type Answered, ask } from "./ask";
import { type Entry, type Photo, bodyOf } from "./entry";
import { type Happening, meaning } from "./outbox";
import type { KeptPhoto } from "./store";

const LIMIT_MS = 30_000;
const PHOTO_LIMIT_MS = 120_000;

function pathOf(entry: Entry): string {
  return `/api/v1/orders/${encodeURIComponent(entry.order_id)}`;
}

/** Who the sender believes to be: the portal refuses it when the session is another person's. */
function headers(user: string, key: string): Record<string, string> {
  return { "Idempotency-Key": key, "Gaswatch-User": user };
}

function otherwise(said: Answered, id: string): Happening {
  const means = meaning(said.status, said.type);
  if (means === "signed_out") return { kind: "signed_out", id };
  if (means === "later") return { kind: "later", id, status: said.status, retry_after_s: said.retry_after_s };
  const state = said.body?.["state"];
  return {
    kind: "refused",
    id,
    status: said.status,
    type: said.type,
    detail: said.detail,
    state: typeof state === "string" ? state : null,
  };
}

export interface Sent {
  happening: Happening;
  /** The order as the server answered it. */
  order: Readonly<Record<string, unknown>> | null;
}

/** Send an entry whose body was stored before. */
export async function send(entry: Entry): Promise<Sent> {
  const said = await ask(
    `${pathOf(entry)}:${entry.action}`,
    { method: "POST", body: bodyOf(entry), headers: { ...headers(entry.user, entry.id), "Content-Type": "application/json" } },
    LIMIT_MS,
  );
  if (said === null) return { happening: { kind: "away", id: entry.id }, order: null };
  if (meaning(said.status, said.type) !== "taken") return { happening: otherwise(said, entry.id), order: null };
  if (said.body?.["order_id"] !== entry.order_id) return { happening: { kind: "away", id: entry.id }, order: null };
  return { happening: { kind: "taken", id: entry.id }, order: said.body };
}

/** Look whether the server has an entry: by person and the phone's time, which no two entries of an order share. */
export async function check(entry: Entry): Promise<Happening> {
  const said = await ask(pathOf(entry), { method: "GET" }, LIMIT_MS);
  if (said === null) return { kind: "away", id: entry.id };
  if (said.status === 404) return { kind: "absent", id: entry.id };
  if (meaning(said.status, said.type) !== "taken") return otherwise(said, entry.id);
  const list = (name: string): Record<string, unknown>[] => {
    const found = said.body?.[name];
    return Array.isArray(found) ? (found as Record<string, unknown>[]) : [];
  };
  const isIt = (who: string) => (item: Record<string, unknown>): boolean =>
    item[who] === entry.user && Date.parse(String(item["device_time"])) === entry.device_ms;
  const there = list("steps").some(isIt("person")) || list("timeline").some(isIt("actor"));
  return { kind: there ? "found" : "absent", id: entry.id };
}

/** Send a photo. The boundary is made from its id, for the same key must carry the same bytes. */
export async function sendPhoto(entry: Entry, photo: Photo, kept: KeptPhoto | undefined): Promise<Happening> {
  const about = { id: entry.id, photo_id: photo.photo_id };
  if (!kept) return { kind: "photo_refused", ...about, status: 0, type: "photo-lost", detail: "" };
  const boundary = `gaswatch-${photo.photo_id}`;
  const part = `--${boundary}\r\nContent-Disposition: form-data; name=`;
  const head =
    `${part}"order_id"\r\n\r\n${entry.order_id}\r\n` +
    `${part}"file"; filename="${photo.photo_id}.jpg"\r\nContent-Type: image/jpeg\r\n\r\n`;
  const said = await ask(
    "/api/v1/attachments",
    {
      method: "POST",
      body: new Blob([head, kept.bytes, `\r\n--${boundary}--\r\n`]),
      headers: { ...headers(entry.user, photo.photo_id), "Content-Type": `multipart/form-data; boundary=${boundary}` },
    },
    PHOTO_LIMIT_MS,
  );
  if (said === null) return { kind: "away", id: entry.id };
  const attachment = said.body?.["attachment_id"];
  if (meaning(said.status, said.type) === "taken" && typeof attachment === "string") {
    return { kind: "photo_taken", ...about, attachment_id: attachment };
  }
  const other = otherwise(said, entry.id);
  return other.kind === "refused" ? { ...other, kind: "photo_refused", photo_id: photo.photo_id } : other;
}
