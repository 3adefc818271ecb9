/** What somebody owes before anything else: a password of one's own, then a second factor. */
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem, api, once } from "../api/client";
import { faultWords } from "../words/faults";
import { type Me, signOut } from "./session";

export function FirstSteps({ me, onDone }: { me: Me; onDone: () => void }): ReactNode {
  return me.owes === "password" ? <OwnPassword onDone={onDone} /> : <SecondFactor onDone={onDone} />;
}

function useSubmit(onDone: () => void): {
  busy: boolean;
  fault: string | null;
  submit: (act: (form: FormData) => Promise<unknown>) => (event: FormEvent<HTMLFormElement>) => void;
} {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const said = (error: unknown): string => {
    if (!(error instanceof Problem)) return t("problem.away");
    if (error.type === "differs") return t("gate.differs");
    const seconds = error.more["retry_after_s"];
    return error.errors.map(faultWords).join(" ") || t([`problem.${error.type}`, "problem.unknown"], { seconds });
  };
  const submit = (act: (form: FormData) => Promise<unknown>) => (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setBusy(true);
    setFault(null);
    act(new FormData(event.currentTarget)).then(onDone, (error: unknown) => {
      setBusy(false);
      setFault(said(error));
    });
  };
  return { busy, fault, submit };
}

function Leave(): ReactNode {
  const { t } = useTranslation();
  return (
    <button type="button" className="gate-language" onClick={() => void signOut().finally(() => location.reload())}>
      {t("common.signOut")}
    </button>
  );
}

function OwnPassword({ onDone }: { onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const { busy, fault, submit } = useSubmit(onDone);
  const act = async (form: FormData): Promise<void> => {
    const fresh = String(form.get("new"));
    if (fresh !== String(form.get("again"))) throw new Problem(0, "differs", "", "");
    await api.POST("/api/v1/people/me:password", {
      body: { password: String(form.get("password")), new_password: fresh }, headers: once(),
    });
  };
  return (
    <main className="gate">
      <form onSubmit={submit(act)} aria-labelledby="gate-title">
        <h1 id="gate-title">{t("gate.ownPassword")}</h1>
        <p className="gate-what">{t("gate.ownPasswordWhy")}</p>
        <label>{t("gate.password")}<input name="password" type="password" autoComplete="current-password" required /></label>
        <label>
          {t("gate.newPassword")}
          <input name="new" type="password" autoComplete="new-password" minLength={12} maxLength={200} required />
        </label>
        <label>
          {t("gate.newPasswordAgain")}
          <input name="again" type="password" autoComplete="new-password" minLength={12} maxLength={200} required />
        </label>
        {fault && <p className="gate-fault" role="alert">{fault}</p>}
        <button type="submit" disabled={busy}>{t("common.save")}</button>
        <Leave />
      </form>
    </main>
  );
}

function SecondFactor({ onDone }: { onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const { busy, fault, submit } = useSubmit(onDone);
  const [made, setMade] = useState<{ secret: string; address: string; picture: string } | null>(null);
  const [missed, setMissed] = useState(false);
  useEffect(() => {
    let gone = false;
    api.POST("/api/v1/people/me:second-factor", { body: {}, headers: once() }).then(
      ({ data }) => {
        if (gone || !data?.totp_secret || !data.totp_uri || !data.totp_picture) return;
        setMade({ secret: data.totp_secret, address: data.totp_uri, picture: data.totp_picture });
      },
      () => setMissed(true),
    );
    return () => {
      gone = true;
    };
  }, []);
  const act = (form: FormData): Promise<unknown> =>
    api.POST("/api/v1/people/me:second-factor", {
      body: { otp: String(form.get("otp")).replace(/\s/g, "") }, headers: once(),
    });
  return (
    <main className="gate">
      <form onSubmit={submit(act)} aria-labelledby="gate-title">
        <h1 id="gate-title">{t("gate.secondFactor")}</h1>
        <p className="gate-what">{t("gate.secondFactorWhy")}</p>
        {missed && <p className="gate-fault" role="alert">{t("problem.away")}</p>}
        {made && (
          <p>
            <img className="gate-picture" src={made.picture} alt={t("gate.picture")} />
            <a href={made.address}>{t("gate.openAuthenticator")}</a>
            <code className="gate-secret">{made.secret.replace(/(.{4})/g, "$1 ").trim()}</code>
          </p>
        )}
        <label>
          {t("gate.code")}
          <input name="otp" inputMode="numeric" autoComplete="one-time-code" pattern="[0-9 ]{6,7}" required />
        </label>
        {fault && <p className="gate-fault" role="alert">{fault}</p>}
        <button type="submit" disabled={busy || !made}>{t("common.save")}</button>
        <Leave />
      </form>
    </main>
  );
}
