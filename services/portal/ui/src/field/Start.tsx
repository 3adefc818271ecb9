/** Lets in who is signed in, and without network who was: a crew in a cellar goes on working. */
import { type ReactNode, Suspense, lazy, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { onSessionEnd } from "../api/client";
import type { Me } from "../people/session";
import { Store } from "./outbox/store";
import { ask, forget, keepSession, remember, remembered } from "./session";

const bringApp = (): Promise<typeof import("./App")> => import("./App");
const App = lazy(() => bringApp().then((found) => ({ default: found.App })));
// Whoever was here before most likely still is: what they need is fetched while the portal is asked.
if (remembered()) void bringApp().catch(() => undefined);
const Gate = lazy(() => import("../people/Gate").then((found) => ({ default: found.Gate })));
const PATIENCE_MS = 1_000;

type Seen = { is: "asking" } | { is: "gate" } | { is: "here"; me: Me; ended: boolean };

export function Start(): ReactNode {
  const { t } = useTranslation();
  const [seen, setSeen] = useState<Seen>({ is: "asking" });
  const store = useStore();

  const look = useCallback(async () => {
    const found = await ask();
    const last = remembered();
    if (found.is === "here") {
      remember(found.me);
      setSeen({ is: "here", me: found.me, ended: false });
    } else if (found.is === "other" || !last) {
      setSeen({ is: "gate" });
    } else {
      // Away: nobody can say that the session is over. Over: what is being done is not taken from the hands.
      // Who has come to the sign-in by then stays there: an answer that was under way does not send them back.
      setSeen((was) => (was.is === "gate" ? was : { is: "here", me: last, ended: found.is === "nobody" }));
    }
  }, []);
  useEffect(() => {
    void look();
    // On a network that does not answer soon, the work goes on with who was here last.
    const timer = setTimeout(() => {
      const last = remembered();
      if (last) setSeen((was) => (was.is === "asking" ? { is: "here", me: last, ended: false } : was));
    }, PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [look]);

  const inside = seen.is === "here";
  useEffect(() => {
    if (!inside) return undefined;
    onSessionEnd(() => void look());
    return keepSession((said) => {
      if (said === "over") void look();
      if (said === "renewed") setSeen((was) => (was.is === "here" && was.ended ? { ...was, ended: false } : was));
    });
  }, [inside, look]);

  if (store === "broken") return <main className="page" role="alert"><p>{t("field.noStorage")}</p></main>;
  if (seen.is === "asking" || !store) return <Waiting />;
  if (seen.is === "gate") {
    return (
      <Suspense fallback={<Waiting />}>
        <Gate app="field">{(me) => <Arrived me={me} onArrive={look} />}</Gate>
      </Suspense>
    );
  }
  return (
    <Suspense fallback={<Waiting />}>
      <App
        key={seen.me.username}
        me={seen.me}
        store={store}
        ended={seen.ended}
        onLook={look}
        onSignIn={() => setSeen({ is: "gate" })}
        onLeft={() => {
          forget();
          setSeen({ is: "gate" });
        }}
      />
    </Suspense>
  );
}

function Waiting(): ReactNode {
  const { t } = useTranslation();
  return <main className="page" aria-busy="true"><p>{t("common.loading")}</p></main>;
}

/** The gate is open: from here on the app asks by itself. */
function Arrived({ me, onArrive }: { me: Me; onArrive: () => void }): ReactNode {
  useEffect(() => {
    remember(me);
    onArrive();
  }, [me, onArrive]);
  return null;
}

function useStore(): Store | "broken" | null {
  const [store, setStore] = useState<Store | "broken" | null>(null);
  useEffect(() => {
    Store.open().then(setStore, () => setStore("broken"));
  }, []);
  return store;
}
