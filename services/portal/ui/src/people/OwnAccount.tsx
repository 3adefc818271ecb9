/** One's own account: where one is signed in, the screens one hung up, a new password; plain elements. */
import { type FormEvent, type ReactNode, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem, api, once } from "../api/client";
import type { Screen, Session } from "../api/types";
import { dateTime } from "../look/time";
import { faultWords } from "../words/faults";
import type { Me } from "./session";
import "./own.css";

const HANGS_SCREENS = ["watch", "watch_supervisor", "dispatcher", "operator_admin"];

/** Return what runs an act and keeps what was wrong with it, in the reader's words. */
function useAct(): { busy: boolean; fault: string | null; act: (what: () => Promise<unknown>) => Promise<boolean> } {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const act = async (what: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setFault(null);
    try {
      await what();
      return true;
    } catch (error) {
      const fields = error instanceof Problem ? error.errors.map(faultWords).join(" ") : "";
      setFault(fields || t([`problem.${error instanceof Problem ? error.type : "away"}`, "problem.unknown"]));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, fault, act };
}

export function OwnAccount({ me }: { me: Me }): ReactNode {
  const { t } = useTranslation();
  const [sessions, setSessions] = useState<Session[] | null>(null);
  const { busy, fault, act } = useAct();
  const read = useCallback(async () => {
    const { data } = await api.GET("/api/v1/sessions");
    setSessions(data?.items ?? []);
  }, []);
  useEffect(() => void read().catch(() => setSessions([])), [read]);
  const end = (one: Session): void => {
    const path = { session_id: one.session_id };
    void act(() => api.DELETE("/api/v1/sessions/{session_id}", { params: { path } }).then(read));
  };
  const persons = sessions?.filter((one) => !one.screen) ?? [];
  const screens = sessions?.filter((one) => one.screen) ?? [];
  return (
    <div className="own">
      <Sessions title={t("own.sessions")} what={t("own.sessionsWhat")} rows={persons} loading={sessions === null} busy={busy} onEnd={end} />
      {fault && <p className="own-fault" role="alert">{fault}</p>}
      {HANGS_SCREENS.includes(me.role) && (
        <>
          <Sessions title={t("own.screens")} what={t("own.screensWhat")} rows={screens} loading={sessions === null} busy={busy} onEnd={end} />
          <HangUp onDone={() => void read()} />
        </>
      )}
      <NewPassword />
    </div>
  );
}

interface SessionsProps {
  title: string;
  what: string;
  rows: Session[];
  loading: boolean;
  busy: boolean;
  onEnd: (one: Session) => void;
}

function Sessions({ title, what, rows, loading, busy, onEnd }: SessionsProps): ReactNode {
  const { t } = useTranslation();
  return (
    <section aria-label={title} aria-busy={loading}>
      <h2>{title}</h2>
      <p className="own-what">{what}</p>
      {!loading && rows.length === 0 && <p>{t("own.none")}</p>}
      <ul className="own-sessions">
        {rows.map((one) => (
          <li key={one.session_id}>
            <span>
              <strong><bdi>{one.screen ?? t("own.from", { address: one.address })}</bdi></strong>
              {one.current && <em> {t("own.current")}</em>}
              <small>{t("own.since", { at: dateTime(one.created_at) })}{one.agent && <> · <bdi>{one.agent}</bdi></>}</small>
            </span>
            {!one.current && <button type="button" disabled={busy} onClick={() => onEnd(one)}>{t("own.end")}</button>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function HangUp({ onDone }: { onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const { busy, fault, act } = useAct();
  const [made, setMade] = useState<Screen | null>(null);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const name = String(new FormData(form).get("screen")).trim();
    const hang = async (): Promise<void> => {
      const { data } = await api.POST("/api/v1/sessions:screen", { body: { name }, headers: once() });
      setMade(data ?? null);
      form.reset();
      onDone();
    };
    void act(hang);
  };
  return (
    <form onSubmit={submit} className="own-form">
      <label>{t("own.screenName")}<input name="screen" required maxLength={200} autoComplete="off" /></label>
      {fault && <p className="own-fault" role="alert">{fault}</p>}
      <button type="submit" disabled={busy}>{t("own.hangUp")}</button>
      {made?.token && (
        <p role="status">
          {t("own.screenOnce", { name: made.screen })}
          <code className="own-key">{`${location.origin}/console/wall#key=${made.token}`}</code>
        </p>
      )}
    </form>
  );
}

function NewPassword(): ReactNode {
  const { t } = useTranslation();
  const { busy, fault, act } = useAct();
  const [done, setDone] = useState(false);
  const [differs, setDiffers] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const text = (name: string): string => String(given.get(name));
    setDone(false);
    setDiffers(text("new") !== text("again"));
    if (text("new") !== text("again")) return;
    const body = { password: text("password"), new_password: text("new") };
    void act(() => api.POST("/api/v1/people/me:password", { body, headers: once() })).then((was) => {
      setDone(was);
      if (was) form.reset();
    });
  };
  return (
    <section aria-label={t("own.password")}>
      <h2>{t("own.password")}</h2>
      <p className="own-what">{t("own.passwordWhat")}</p>
      <form onSubmit={submit} className="own-form">
        <label>{t("gate.password")}<input name="password" type="password" autoComplete="current-password" required maxLength={200} /></label>
        <label>{t("gate.newPassword")}<input name="new" type="password" autoComplete="new-password" minLength={12} maxLength={200} required /></label>
        <label>{t("gate.newPasswordAgain")}<input name="again" type="password" autoComplete="new-password" minLength={12} maxLength={200} required /></label>
        {(differs || fault) && <p className="own-fault" role="alert">{differs ? t("gate.differs") : fault}</p>}
        {done && <p role="status">{t("own.changed")}</p>}
        <button type="submit" disabled={busy}>{t("own.change")}</button>
      </form>
    </section>
  );
}
