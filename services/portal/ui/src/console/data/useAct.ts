/** One act of a person: busy while it runs, and why it was refused. The same act sent again keeps its key. */
import { useCallback, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem, once } from "../../api/client";
import { faultWords } from "../../words/faults";
import type { Key } from "./acts";

/** Return the words for what went wrong; the field's own reason, where the server named one. */
export function useFaultWords(): (error: unknown) => string {
  const { t } = useTranslation();
  return useCallback(
    (error) => {
      if (!(error instanceof Problem)) return t("problem.away");
      // The code says that nobody is signed in; here that can only be because a session has ended.
      if (error.type === "unauthorised") return t("problemMore.ended");
      const words = t([`problem.${error.type}`, `problemMore.${error.type}`, "problem.unknown"], {
        seconds: error.more["retry_after_s"],
      });
      const named = error.errors.map(faultWords).join(" · ");
      const by = error.more["by"];
      const who = Array.isArray(by) ? t("problemMore.by", { by: by.join(", ") }) : "";
      return [words, named, who].filter(Boolean).join(" ");
    },
    [t],
  );
}

export interface Act {
  busy: boolean;
  fault: string | null;
  run: (doing: (key: Key) => Promise<void>) => Promise<boolean>;
  forget: () => void;
}

export function useAct(): Act {
  const words = useFaultWords();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const key = useRef<Key | null>(null);
  const run = useCallback(
    async (doing: (key: Key) => Promise<void>) => {
      key.current ??= once();
      setBusy(true);
      setFault(null);
      try {
        await doing(key.current);
        key.current = null;
        return true;
      } catch (error) {
        // What the server refused is another act when it is tried again; what was lost on the way is the same.
        if (error instanceof Problem && error.status < 500) key.current = null;
        setFault(words(error));
        return false;
      } finally {
        setBusy(false);
      }
    },
    [words],
  );
  return { busy, fault, run, forget: useCallback(() => setFault(null), []) };
}
