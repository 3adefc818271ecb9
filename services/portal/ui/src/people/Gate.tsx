/** Shows an app to whom it is for: signed in, nothing owed, of a role that works there. */
import { type ReactNode, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { onSessionEnd } from "../api/client";
import { FirstSteps } from "./FirstSteps";
import { SignIn } from "./SignIn";
import { showTheme } from "./theme";
import { type Me, appOf, hangUp, signOut, stay, whoAmI } from "./session";
import "./gate.css";

export type App = "console" | "regulator" | "field";
type Seen = { state: "asking" } | { state: "away" } | { state: "nobody" } | { state: "here"; me: Me };

export function Gate({ app, children }: { app: App; children: (me: Me) => ReactNode }): ReactNode {
  const { t } = useTranslation();
  const [seen, setSeen] = useState<Seen>({ state: "asking" });
  const ask = useCallback(() => {
    hangUp().catch(() => undefined).then(whoAmI).then(
      (me) => setSeen(me ? { state: "here", me } : { state: "nobody" }),
      () => setSeen((was) => (was.state === "here" ? was : { state: "away" })),
    );
  }, []);
  useEffect(() => {
    onSessionEnd(() => setSeen({ state: "nobody" }));
    ask();
  }, [ask]);
  useEffect(showTheme, []);
  // A screen's session lasts as it is.
  const stays = seen.state === "here" && !seen.me.screen;
  useEffect(() => (stays ? stay() : undefined), [stays]);

  if (seen.state === "asking") return <main className="gate" aria-busy="true">{t("common.loading")}</main>;
  if (seen.state === "away") {
    return (
      <main className="gate" role="alert">
        <p>{t("gate.away")}</p>
        <button type="button" onClick={ask}>{t("common.again")}</button>
      </main>
    );
  }
  if (seen.state === "nobody") return <SignIn onDone={ask} />;
  if (seen.me.owes) return <FirstSteps me={seen.me} onDone={ask} />;
  if (!worksIn(seen.me.role, app)) return <Elsewhere me={seen.me} />;
  return children(seen.me);
}

/** The administrator looks after people and settings in the console; everybody else has one app. */
function worksIn(role: string, app: App): boolean {
  return appOf(role) === `/${app}/`;
}

function Elsewhere({ me }: { me: Me }): ReactNode {
  const { t } = useTranslation();
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
