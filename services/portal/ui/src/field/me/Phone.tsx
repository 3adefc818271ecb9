/** What the phone is asked for: position, notifications, sound, and that it keeps what it stores. */
import { type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useField } from "../field";
import { listenWhere, turn, whereState } from "./position";
import { type Push, pushState, subscribe, unsubscribe } from "./push";
import { ringOnce, unlock } from "./ring";

export function PositionSwitch(): ReactNode {
  const { t } = useTranslation();
  const { me } = useField();
  const where = useSyncExternalStore(listenWhere, whereState);
  return (
    <div className="panel">
      <h2>{t("field.position")}</h2>
      <p className="hint">{t("field.positionWhat")}</p>
      <p role="status">{t(`field.where.${where}`)}</p>
      <button type="button" className="button wide" onClick={() => turn(where === "off", me.crew_id)} disabled={where === "missing"}>
        {t(where === "off" ? "field.turnOn" : "field.turnOff")}
      </button>
    </div>
  );
}

export function PushSwitch(): ReactNode {
  const { t, i18n } = useTranslation();
  const [state, setState] = useState<Push | null>(null);
  useEffect(() => {
    pushState().then(setState, () => setState("missing"));
  }, []);
  if (state === null) return null;
  const turn = (): void => {
    if (state === "on") void unsubscribe().then(() => setState("off"));
    else void subscribe(i18n.language).then(setState);
  };
  return (
    <div className="panel">
      <h2>{t("field.push")}</h2>
      <p role="status">{t(`field.pushState.${state}`)}</p>
      {state !== "missing" && state !== "denied" && (
        <button type="button" className="button wide" onClick={turn}>{t(state === "on" ? "field.turnOff" : "field.turnOn")}</button>
      )}
    </div>
  );
}

export function SoundTest(): ReactNode {
  const { t } = useTranslation();
  const test = (): void => {
    unlock();
    setTimeout(ringOnce, 100);
  };
  return (
    <div className="panel">
      <button type="button" className="button wide" onClick={test}>{t("field.soundTest")}</button>
    </div>
  );
}

/** Whether the phone may clear what waits when it runs short of space. */
export function Storage(): ReactNode {
  const { t } = useTranslation();
  const [kept, setKept] = useState<boolean | null>(null);
  useEffect(() => {
    navigator.storage?.persisted?.().then(setKept, () => setKept(null));
  }, []);
  if (kept === null) return null;
  const askFor = (): void => void navigator.storage.persist().then(setKept);
  return (
    <div className="panel">
      <p role="status">{t(kept ? "field.persisted" : "field.notPersisted")}</p>
      {!kept && <button type="button" className="button wide" onClick={askFor}>{t("field.persist")}</button>}
    </div>
  );
}
