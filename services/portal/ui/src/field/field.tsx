/** What all views of the app share: who works, the outbox, the orders. */
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import type { Order } from "../api/types";
import type { Me } from "../people/session";
import type { Done, Entry } from "./outbox/entry";
import { Flusher, type Link, moment } from "./outbox/flush";
import { type Mending, mended } from "./outbox/outbox";
import type { Store } from "./outbox/store";
import { type Orders, useOrders } from "./orders/useOrders";
import { behind } from "./useSeen";

export interface Field {
  me: Me;
  store: Store;
  entries: Entry[];
  orders: Orders;
  link: Link;
  /** Store what was done; it is safe when this is over, network or not. */
  act(done: Done, formId: string): Promise<void>;
  mend(entry: Entry, mending: Mending): Promise<void>;
  flush(): void;
}

const Shared = createContext<Field | null>(null);
export const FieldProvider = Shared.Provider;

export function useField(): Field {
  const found = useContext(Shared);
  if (!found) throw new Error("outside the app");
  return found;
}

function useEntries(store: Store): Entry[] {
  const [entries, setEntries] = useState<Entry[]>([]);
  useEffect(() => {
    let turn = 0;
    const read = (): void => {
      const mine = ++turn;
      void store.entries().then((found) => {
        if (mine === turn) setEntries(found);
      });
    };
    read();
    return store.listen(read);
  }, [store]);
  return entries;
}

/** Run the outbox of a person for as long as the app is open; `onLook`: the session is not what it was. */
export function useFieldState(me: Me, store: Store, onLook: () => void): Field {
  const entries = useEntries(store);
  const orders = useOrders(store, me);
  const [link, setLink] = useState<Link>("idle");
  const flusher = useRef<Flusher | null>(null);
  const merge = orders.merge;

  useEffect(() => {
    const made = new Flusher(store, me.username, {
      link(state) {
        setLink(state);
        if (state === "signed_out" || state === "another") onLook();
      },
      order: (order) => merge(order as unknown as Order),
      behind: () => void behind.dispatchEvent(new Event("order")),
    });
    flusher.current = made;
    void store.tidy(Date.now());
    return made.start();
  }, [store, me.username, merge, onLook]);

  const flush = useCallback(() => flusher.current?.wake(), []);
  const act = useCallback(
    async (done: Done, formId: string) => {
      await store.add(done, me.username, formId, moment());
      flush();
      // Asked for when there is something to lose; the browser decides.
      void navigator.storage?.persist?.().catch(() => false);
    },
    [store, me.username, flush],
  );
  const mend = useCallback(
    async (entry: Entry, mending: Mending) => {
      await store.change(entry.seq, (was) => (was.id === entry.id ? mended(was, mending, moment()) : was));
      flush();
    },
    [store, flush],
  );
  return useMemo(() => ({ me, store, entries, orders, link, act, mend, flush }), [me, store, entries, orders, link, act, mend, flush]);
}
