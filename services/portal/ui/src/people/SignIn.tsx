/** Signing in; plain elements, for the phone app loads it, too. */
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../api/client";
import { LanguageSwitch } from "./LanguageSwitch";
import { signIn } from "./session";

/** `again` is whose session has ended with work still open. */
export function SignIn({ onDone, again }: { onDone: () => void; again?: string }): ReactNode {
  const { t } = useTranslation();
  const [fault, setFault] = useState<string | null>(null);
  const [needsCode, setNeedsCode] = useState(false);
  const [busy, setBusy] = useState(false);
  const code = useRef<HTMLInputElement>(null);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const text = (name: string): string => String(given.get(name) ?? "");
    setBusy(true);
    setFault(null);
    try {
      await signIn(text("username").trim(), text("password"), text("otp").replace(/\s/g, ""));
      onDone();
    } catch (error) {
      setBusy(false);
      const type = error instanceof Problem ? error.type : "away";
      if (type === "second-factor-needed") {
        setNeedsCode(true);
        queueMicrotask(() => code.current?.focus());
        if (!needsCode) return;
      }
      const seconds = error instanceof Problem ? error.more["retry_after_s"] : undefined;
      setFault(t([`problem.${type}`, "problem.unknown"], { seconds }));
    }
  }

  return (
    <main className="gate">
      <form onSubmit={(event) => void submit(event)} aria-labelledby="gate-title">
        <h1 id="gate-title">{t("gate.title")}</h1>
        <p className="gate-what" role={again ? "status" : undefined}>{again ? t("gate.ended", { username: again }) : t("gate.what")}</p>
        <label>
          {t("gate.username")}
          <input name="username" autoComplete="username" autoCapitalize="none" required maxLength={64} defaultValue={again} autoFocus={!again} />
        </label>
        <label>
          {t("gate.password")}
          <input name="password" type="password" autoComplete="current-password" required maxLength={200} />
        </label>
        <label>
          {t("gate.code")}
          <input ref={code} name="otp" inputMode="numeric" autoComplete="one-time-code" pattern="[0-9 ]{6,7}" required={needsCode}
            aria-describedby="gate-code" />
          <small id="gate-code">{t(needsCode ? "gate.codeNeeded" : "gate.codeHint")}</small>
        </label>
        {fault && <p className="gate-fault" role="alert">{fault}</p>}
        <button type="submit" disabled={busy}>{t("common.signIn")}</button>
        <LanguageSwitch />
      </form>
    </main>
  );
}
