/** The unfinished form of a step, kept on the phone: opening the camera may cost the page its life. */
import { useCallback, useEffect, useRef, useState } from "react";
import { useField } from "../field";
import { type Draft, draftKey } from "../outbox/store";
import { shrink } from "./photo";

const INSTRUMENT = "gaswatch.field.instrument";

/** The instrument that was used last is most likely the one in hand. */
function lastInstrument(): Pick<Draft, "instrument_serial" | "calibrated_on"> {
  try {
    const kept = JSON.parse(localStorage.getItem(INSTRUMENT) ?? "{}") as Partial<Draft>;
    return { instrument_serial: String(kept.instrument_serial ?? ""), calibrated_on: String(kept.calibrated_on ?? "") };
  } catch {
    return { instrument_serial: "", calibrated_on: "" };
  }
}

export function rememberInstrument(draft: Draft): void {
  const { instrument_serial, calibrated_on } = draft;
  if (instrument_serial) localStorage.setItem(INSTRUMENT, JSON.stringify({ instrument_serial, calibrated_on }));
}

function emptyDraft(step: string, corrects: string | null): Draft {
  return { form_id: crypto.randomUUID(), step, ...lastInstrument(), lel_percent: "", ppm: "", note: "", corrects, photo_ids: [] };
}

export interface Drafting {
  draft: Draft;
  change(what: Partial<Draft>): void;
  /** Take a photo in; it is on the phone for good when this is over, and nothing is reported before. */
  addPhoto(file: Blob): Promise<void>;
  busy: boolean;
  dropPhoto(id: string): void;
  drop(): Promise<void>;
}

export function useDraft(orderId: string, step: string, corrects: string | null): Drafting | null {
  const { store, me } = useField();
  const key = draftKey(me.username, orderId, step, corrects);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [taking, setTaking] = useState(0);
  const latest = useRef<Draft | null>(null);
  latest.current = draft;

  useEffect(() => {
    let gone = false;
    void store.draft(key, orderId).then((kept) => {
      if (!gone) setDraft(kept ?? emptyDraft(step, corrects));
    });
    return () => {
      gone = true;
    };
  }, [store, key, orderId, step, corrects]);

  const change = useCallback(
    (what: Partial<Draft>) => {
      const was = latest.current;
      if (!was) return;
      const made = { ...was, ...what };
      latest.current = made;
      setDraft(made);
      void store.keepDraft(key, made);
    },
    [store, key],
  );
  const addPhoto = useCallback(
    async (file: Blob) => {
      setTaking((count) => count + 1);
      try {
        const bytes = await shrink(file);
        const photo_id = crypto.randomUUID();
        const was = latest.current;
        if (!was) return;
        const withIt = (one: Draft): string[] => [...one.photo_ids, photo_id];
        await store.keepPhoto({ photo_id, user: me.username, bytes, taken_ms: Date.now() }, key, { ...was, photo_ids: withIt(was) });
        // What was typed meanwhile stays.
        change({ photo_ids: withIt(latest.current ?? was) });
      } finally {
        setTaking((count) => count - 1);
      }
    },
    [store, key, me.username, change],
  );
  const dropPhoto = useCallback(
    (id: string) => change({ photo_ids: (latest.current?.photo_ids ?? []).filter((one) => one !== id) }),
    [change],
  );
  const drop = useCallback(() => store.keepDraft(key, null), [store, key]);
  return draft && { draft, change, addPhoto, dropPhoto, drop, busy: taking > 0 };
}
