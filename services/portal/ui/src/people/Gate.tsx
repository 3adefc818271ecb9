/** Shows an app to whom it is for: signed in, nothing owed, of a role that works there. */
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { onSessionEnd, sessionEnded } from "../api/client";
import { FirstSteps } from "./FirstSteps";
import { SignIn } from "./SignIn";
import { showTheme } from "./theme";
import { type Me, appOf, hangUp, signOut, whoAmI } from "./session";
import { catchUp, stay } from "./staying";
import "./gate.css";

export type App = "console" | "regulator" | "field";
type Seen = { state: "asking" } | { state: "away" } | { state: "nobody" } | { state: "here" | "ended"; me: Me };

/** A session that ends takes nothing from the hands: what was being written waits behind the sign-in for its writer. */
function ended(was: Seen): Seen {
  return "me" in was && !was.me.owes && !was.me.screen ? { state: "ended", me: was.me } : { state: "nobody" };
}

function arrived(was: Seen, me: Me): Seen {
  if (was.state !== "ended" || (was.me.username === me.username && was.me.role === me.role)) return { state: "here", me };
  // What another person was doing is nobody else's.
  location.reload();
  return { state: "asking" };
}

export function Gate({ app, children }: { app: App; children: (me: Me) => ReactNode }): ReactNode {
  const { t } = useTranslation();
  const [seen, setSeen] = useState<Seen>({ state: "asking" });
  const signedIn = useRef(false);
  const turn = useRef(0);
  const ask = useCallback(() => {
    const mine = ++turn.current;
    // An answer of before the sign-in says nothing of after it.
    const take = (how: (was: Seen) => Seen): void => { if (mine === turn.current) setSeen(how); };
    hangUp().catch(() => undefined).then(catchUp).then(whoAmI).then(
      (me) => take((was) => (me ? arrived(was, me) : ended(was))),
      () => take((was) => ("me" in was ? was : { state: "away" })),
    );
  }, []);
  useEffect(() => {
    // A question that was under way while the token was renewed is refused, too: who is signed in is asked before it is said.
    onSessionEnd(ask);
    ask();
  }, [ask]);
  useEffect(showTheme, []);
  // A screen's session lasts as it is.
  const stays = seen.state === "here" && !seen.me.screen;
  useEffect(() => (stays ? stay((said) => said === "over" && sessionEnded()) : undefined), [stays]);

  if (seen.state === "asking") return <main className="gate" aria-busy="true">{t("common.loading")}</main>;
  if (seen.state === "away") {
    return (
      <main className="gate" role="alert">
        <p>{t("gate.away")}</p>
        <button type="button" onClick={ask}>{t("common.again")}</button>
      </main>
    );
  }
  if (seen.state === "nobody") return <SignIn onDone={() => { signedIn.current = true; ask(); }} />;
  if (seen.me.owes) return <FirstSteps me={seen.me} onDone={ask} />;
  if (!worksIn(seen.me.role, app)) return <Elsewhere me={seen.me} atOnce={signedIn.current} />;
  return (
    <>
      {children(seen.me)}
      {seen.state === "ended" && <Again me={seen.me} onDone={ask} />}
    </>
  );
}

/** Signing in again over all that is open, dialogs included; nothing below is shown or reached meanwhile. */
function Again({ me, onDone }: { me: Me; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const place = useRef<HTMLDialogElement>(null);
  const show = (): void => {
    if (!place.current?.open) place.current?.showModal();
    place.current?.querySelector<HTMLElement>("input[name=password]")?.focus();
  };
  useEffect(show, []);
  // Keys mean nothing below: Escape would close the form that waits there, a letter act on an alert.
  return (
    <dialog ref={place} className="gate-again" aria-label={t("common.signIn")} onKeyDown={(event) => event.stopPropagation()}
      onCancel={(event) => event.preventDefault()} onClose={show}>
      <SignIn onDone={onDone} again={me.username} />
    </dialog>
  );
}

/** The administrator looks after people and settings in the console; everybody else has one app. */
function worksIn(role: string, app: App): boolean {
  return appOf(role) === `/${app}/`;
}

/** Who has just signed in at another app's door is led to the own one; who came by an address is told. */
function Elsewhere({ me, atOnce }: { me: Me; atOnce: boolean }): ReactNode {
  const { t } = useTranslation();
  useEffect(() => {
    if (atOnce) location.assign(appOf(me.role));
  }, [atOnce, me.role]);
  const leave = (): void => {
    void signOut().finally(() => location.reload());
  };
  return (
    <main className="gate">
      <p>{t("gate.elsewhere", { role: t(`role.${me.role}`) })}</p>
      <p><a href={appOf(me.role)}>{t("gate.go")}</a></p>
      <button type="button" onClick={leave}>{t("common.signOut")}</button>
    </main>
  );
}
