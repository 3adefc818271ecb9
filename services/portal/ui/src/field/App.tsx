/** The frame of the app: what must be known at the top, the view, and the three places at the thumb. */
import { type ReactNode, Suspense, lazy, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { age } from "../look/time";
import type { Me } from "../people/session";
import { usePlace } from "./address";
import { FieldProvider, useField, useFieldState } from "./field";
import { To, useNow } from "./look";
import { isUnlocked, startRinging, stopRinging, unlock } from "./me/ring";
import { begin } from "./me/position";
import { CORRECTABLE } from "./order/steps";
import { useReadAhead } from "./order/data";
import { OrderList } from "./orders/OrderList";
import { stateWith, tally } from "./outbox/outbox";
import type { Store } from "./outbox/store";

const OrderPage = lazy(() => import("./order/OrderPage").then((found) => ({ default: found.OrderPage })));
const StepForm = lazy(() => import("./order/StepForm").then((found) => ({ default: found.StepForm })));
const OutboxPage = lazy(() => import("./sending/OutboxPage").then((found) => ({ default: found.OutboxPage })));
const MePage = lazy(() => import("./me/MePage").then((found) => ({ default: found.MePage })));
const HelpPage = lazy(() => import("./help/HelpPage").then((found) => ({ default: found.HelpPage })));
const SILENCE_MS = 45_000;

interface Props {
  me: Me;
  store: Store;
  ended: boolean;
  onLook: () => void;
  onSignIn: () => void;
  onLeft: () => void;
}

export function App({ me, store, ended, onLook, onSignIn, onLeft }: Props): ReactNode {
  const field = useFieldState(me, store, onLook);
  return (
    <FieldProvider value={field}>
      <Background />
      <Banners ended={ended} onLook={onLook} onSignIn={onSignIn} />
      <main className="page" id="main"><Suspense fallback={<Loading />}><Shown onLeft={onLeft} /></Suspense></main>
      <Places />
    </FieldProvider>
  );
}

function Loading(): ReactNode {
  const { t } = useTranslation();
  return <p aria-busy="true">{t("common.loading")}</p>;
}

/** What goes on in the background whatever view is shown. */
function Background(): null {
  const { orders, me } = useField();
  const { language } = useTranslation().i18n;
  useReadAhead(orders.value);
  useEffect(() => begin(me.crew_id), [me.crew_id]);
  useEffect(() => {
    let stop: (() => void) | null = null;
    let gone = false;
    void import("./me/push").then(({ tellAgain }) => { if (!gone) stop = tellAgain(language); }, () => undefined);
    return () => {
      gone = true;
      stop?.();
    };
  }, [me.username, language]);
  useNotificationLinks();
  useTitle();
  return null;
}

/** A touched notification leads to its order in the page that is open already. */
function useNotificationLinks(): void {
  useEffect(() => {
    if (!("serviceWorker" in navigator)) return undefined;
    const open = (event: MessageEvent<{ open?: string }>): void => {
      const url = event.data?.open;
      if (typeof url !== "string" || !url.startsWith("/field/")) return;
      history.pushState(null, "", url);
      window.dispatchEvent(new Event("popstate"));
    };
    navigator.serviceWorker.addEventListener("message", open);
    return () => navigator.serviceWorker.removeEventListener("message", open);
  }, []);
}

function useTitle(): void {
  const { t, i18n } = useTranslation();
  useEffect(() => {
    document.title = t("field.title");
  }, [t, i18n.language]);
}

function Shown({ onLeft }: { onLeft: () => void }): ReactNode {
  const place = usePlace();
  if (place.order && place.step && CORRECTABLE.has(place.step)) {
    return <StepForm key={`${place.order}${place.step}${place.corrects}`} orderId={place.order} step={place.step} corrects={place.corrects} />;
  }
  if (place.order) return <OrderPage key={place.order} orderId={place.order} />;
  if (place.view === "outbox") return <OutboxPage />;
  if (place.view === "me") return <MePage onLeft={onLeft} />;
  if (place.view === "help") return <HelpPage />;
  return <OrderList />;
}

function Banners({ ended, onLook, onSignIn }: { ended: boolean; onLook: () => void; onSignIn: () => void }): ReactNode {
  const { t } = useTranslation();
  const { orders, link, entries, me } = useField();
  const now = useNow();
  const { waiting } = tally(entries, me.username);
  const silent = orders.connection !== "live" && now - orders.heard_ms > SILENCE_MS / 9;
  const away = !navigator.onLine || (link === "away" && orders.connection !== "live") || silent;
  return (
    <header className="banners">
      {ended && (
        <div className="banner bad" role="alert">
          <span>{t("field.sessionEnded", { count: waiting })}</span>
          <button type="button" className="button" onClick={onSignIn}>{t("common.signIn")}</button>
        </div>
      )}
      {link === "another" && (
        <div className="banner bad" role="alert">
          <span>{t("field.anotherPerson")}</span>
          <button type="button" className="button" onClick={onLook}>{t("common.again")}</button>
        </div>
      )}
      {away && !ended && (
        <div className="banner warn" role="status">
          <span>{t(navigator.onLine ? "field.portalAway" : "field.offline", { age: age(orders.heard_ms, now) })}</span>
        </div>
      )}
      <NewOrder />
      {orders.taken.map((order) => (
        <div key={order.order_id} className="banner warn" role="alert">
          <span>{t("field.takenAway", { text: order.text })}</span>
          <button type="button" className="button" onClick={() => orders.readTaken(order.order_id)}>{t("field.read")}</button>
        </div>
      ))}
    </header>
  );
}

/** An order that nobody of the crew has accepted yet: it rings until somebody does, or silences it here. */
function NewOrder(): ReactNode {
  const { t } = useTranslation();
  const { orders, entries } = useField();
  const [silenced, setSilenced] = useState<ReadonlySet<string>>(new Set());
  const [touched, setTouched] = useState(isUnlocked());
  const fresh = useMemo(
    () => (orders.value ?? []).filter((order) => stateWith(order.state, order.order_id, entries) === "assigned"),
    [orders.value, entries],
  );
  const loud = fresh.some((order) => !silenced.has(order.order_id));
  useEffect(() => {
    if (loud) startRinging();
    else stopRinging();
    return stopRinging;
  }, [loud]);
  useEffect(() => {
    const touch = (): void => {
      unlock();
      setTouched(true);
    };
    // After the touch is over: what moves under a finger that is still down makes it miss.
    window.addEventListener("click", touch, { once: true });
    return () => window.removeEventListener("click", touch);
  }, []);
  const first = fresh[0];
  if (!first) return null;
  return (
    <div className={`banner new ${first.priority}`} role="alert">
      <To to={{ order: first.order_id }}>
        <span className="two-lines">{t("field.newOrder", { count: fresh.length })} · {first.text.split("\n")[0]}</span>
      </To>
      {loud && (
        <button type="button" className="button" onClick={() => setSilenced(new Set(fresh.map((order) => order.order_id)))}>
          {t("field.silence")}
        </button>
      )}
      {!touched && <span className="whole">{t("field.soundLocked")}</span>}
    </div>
  );
}

function Places(): ReactNode {
  const { t } = useTranslation();
  const { entries, me } = useField();
  const place = usePlace();
  const { waiting, refused } = tally(entries, me.username);
  return (
    <nav className="places" aria-label={t("field.places")}>
      <To to={{}} current={place.view === "orders"}>{t("field.orders")}</To>
      <To to={{ view: "outbox" }} current={place.view === "outbox"} className={refused ? "bad" : waiting ? "warn" : ""}>
        {t("field.outboxN", { count: waiting })}
        {refused > 0 && <b>{t("field.refusedN", { count: refused })}</b>}
      </To>
      <To to={{ view: "me" }} current={place.view === "me" || place.view === "help"}>{t("field.me")}</To>
    </nav>
  );
}
