/** What the phone keeps (IndexedDB): the outbox, its photos, unfinished forms, and what was seen last. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { type Done, type Entry, type Moment, entryOf, standing } from "./entry";
import { mayForget } from "./outbox";

export interface KeptPhoto {
  photo_id: string;
  user: string;
  bytes: ArrayBuffer;
  taken_ms: number;
}

/** An unfinished form of a step: the camera may cost the page its life. */
export interface Draft {
  form_id: string;
  step: string;
  instrument_serial: string;
  calibrated_on: string;
  lel_percent: string;
  ppm: string;
  note: string;
  corrects: string | null;
  photo_ids: string[];
}

/** Where the form of a step is kept. */
export function draftKey(user: string, orderId: string, step: string, corrects: string | null): string {
  return [user, orderId, step, corrects ?? ""].join("|");
}

/** Something of the API as it was last seen, with the phone's time of that. */
export interface Seen<T> {
  at_ms: number;
  value: T;
}

interface Schema extends DBSchema {
  outbox: { key: number; value: Entry; indexes: { order: string } };
  photos: { key: string; value: KeptPhoto };
  drafts: { key: string; value: Draft };
  seen: { key: string; value: Seen<unknown> };
  meta: { key: string; value: unknown };
}

type Heard = () => void;

export class Store {
  private readonly heard = new Set<Heard>();
  private readonly channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("gaswatch-field") : null;

  private constructor(private readonly db: IDBPDatabase<Schema>) {
    this.channel?.addEventListener("message", () => this.tell());
  }

  static async open(): Promise<Store> {
    const db = await openDB<Schema>("gaswatch-field", 1, {
      upgrade(made) {
        made.createObjectStore("outbox", { keyPath: "seq", autoIncrement: true }).createIndex("order", "order_id");
        made.createObjectStore("photos", { keyPath: "photo_id" });
        for (const name of ["drafts", "seen", "meta"] as const) made.createObjectStore(name);
      },
      // A newer page wants to change the database: this one lets go and is loaded anew.
      blocking() {
        db.close();
        location.reload();
      },
      // Some phones end the connection by themselves; what is stored is stored.
      terminated() {
        location.reload();
      },
    });
    return new Store(db);
  }

  /** Be told whenever the outbox changed, in this tab or another. */
  listen(call: Heard): () => void {
    this.heard.add(call);
    return () => this.heard.delete(call);
  }

  private tell(): void {
    for (const call of this.heard) call();
  }

  private changed(): void {
    this.tell();
    this.channel?.postMessage("outbox");
  }

  entries(): Promise<Entry[]> {
    return this.db.getAll("outbox");
  }

  /** Store what was done, with its draft gone in the same transaction; what is there already is not added again. */
  async add(done: Done, user: string, formId: string, moment: Moment): Promise<Entry> {
    const work = this.db.transaction(["outbox", "drafts"], "readwrite", { durability: "strict" });
    const outbox = work.objectStore("outbox");
    const earlier = (await outbox.index("order").getAll(done.order_id)).filter((entry) => entry.user === user);
    let entry = standing(done, formId, earlier);
    if (!entry) {
      const made = entryOf(done, user, formId, earlier, moment);
      const seq = await outbox.add(made as Entry);
      entry = { ...made, seq };
    }
    if (done.action === "step") await work.objectStore("drafts").delete(draftKey(user, done.order_id, done.step ?? "", done.corrects));
    await work.done;
    this.changed();
    return entry;
  }

  /** Change one entry as it stands now, whoever else changes it at the same time. */
  async change(seq: number, how: (entry: Entry) => Entry): Promise<Entry | null> {
    const work = this.db.transaction("outbox", "readwrite", { durability: "strict" });
    const found = await work.store.get(seq);
    if (!found) return null;
    const made = how(found);
    if (made !== found) await work.store.put(made);
    await work.done;
    if (made !== found) this.changed();
    return made;
  }

  /** Forget what the server has had for a week, and photos that nothing needs any more. */
  async tidy(now_ms: number): Promise<void> {
    const work = this.db.transaction(["outbox", "photos", "drafts"], "readwrite");
    const needed = new Set<string>();
    for (const entry of await work.objectStore("outbox").getAll()) {
      if (mayForget(entry, now_ms)) await work.objectStore("outbox").delete(entry.seq);
      else if (entry.state !== "done") entry.photos.forEach((photo) => needed.add(photo.photo_id));
    }
    for (const draft of await work.objectStore("drafts").getAll()) draft.photo_ids.forEach((id) => needed.add(id));
    for (const id of await work.objectStore("photos").getAllKeys()) {
      if (!needed.has(id)) await work.objectStore("photos").delete(id);
    }
    await work.done;
  }

  async keepPhoto(photo: KeptPhoto, key: string, draft: Draft): Promise<void> {
    const work = this.db.transaction(["photos", "drafts"], "readwrite", { durability: "strict" });
    await Promise.all([work.objectStore("photos").put(photo), work.objectStore("drafts").put(draft, key), work.done]);
  }

  photo(id: string): Promise<KeptPhoto | undefined> {
    return this.db.get("photos", id);
  }

  /** An unfinished form; one that was sent is finished, whatever was written to it afterwards. */
  async draft(key: string, orderId: string): Promise<Draft | undefined> {
    const found = await this.db.get("drafts", key);
    const sent = found && (await this.db.getAllFromIndex("outbox", "order", orderId)).some((entry) => entry.form_id === found.form_id);
    return sent ? undefined : found;
  }

  async keepDraft(key: string, draft: Draft | null): Promise<void> {
    await (draft ? this.db.put("drafts", draft, key) : this.db.delete("drafts", key));
  }

  async seen<T>(key: string): Promise<Seen<T> | undefined> {
    return (await this.db.get("seen", key)) as Seen<T> | undefined;
  }

  async keepSeen<T>(key: string, seen: Seen<T>): Promise<void> {
    await this.db.put("seen", seen, key);
  }

  async forgetSeen(prefix: string): Promise<void> {
    await this.db.delete("seen", IDBKeyRange.bound(prefix, `${prefix}\uffff`));
  }

  async meta<T>(key: string): Promise<T | undefined> {
    return (await this.db.get("meta", key)) as T | undefined;
  }

  /** Change a note in one transaction; returns what stands there then. */
  async changeMeta<T>(key: string, how: (was: T | undefined) => T): Promise<T> {
    const work = this.db.transaction("meta", "readwrite");
    const made = how((await work.store.get(key)) as T | undefined);
    await work.store.put(made, key);
    await work.done;
    return made;
  }
}
