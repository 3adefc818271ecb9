/** The crew, its duty, and what this phone may do. */
import { type ReactNode, Suspense, lazy, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem, api } from "../../api/client";
import type { Crew } from "../../api/types";
import { LANGUAGES, speakAgain } from "../../words";
import { signOut } from "../../people/session";
import { useField } from "../field";
import { Age, Nothing, To } from "../look";
import { ask } from "../outbox/ask";
import { tally } from "../outbox/outbox";
import { THEMES, type Theme, chosenTheme, show } from "../theme";
import { type Seeing, useSeen } from "../useSeen";
import { PositionSwitch, PushSwitch, SoundTest, Storage } from "./Phone";
import { unsubscribe } from "./push";

const LIMIT_MS = 15_000;
// Loaded when it is asked for: it needs the network anyway, and the first load is small.
const OwnAccount = lazy(() => import("../../people/OwnAccount").then((module) => ({ default: module.OwnAccount })));

async function loadCrew(id: string): Promise<Crew> {
  const { data } = await api.GET("/api/v1/crews/{crew_id}", { params: { path: { crew_id: id } } });
  if (!data) throw new Error("empty");
  return data;
}

export function MePage({ onLeft }: { onLeft: () => void }): ReactNode {
  const { t } = useTranslation();
  const { me, store } = useField();
  const crew = useSeen(store, me.crew_id && `${me.username}|crew`, () => loadCrew(me.crew_id ?? ""));
  return (
    <section aria-labelledby="me-title">
      <h1 id="me-title">{me.name}</h1>
      <p className="hint">{t(`role.${me.role}`)} · {me.username}</p>
      {me.crew_id ? <Duty crew={crew} /> : <p className="notice warn">{t("field.noCrew")}</p>}
      <PositionSwitch />
      <PushSwitch />
      <SoundTest />
      <Looks />
      <Storage />
      <SignIns />
      <p><To to={{ view: "help" }} className="button wide">{t("common.what")}</To></p>
      <Leave onLeft={onLeft} />
    </section>
  );
}

/** Duty is said to the portal at once or not at all: said late it would be untrue. */
function Duty({ crew }: { crew: Seeing<Crew> }): ReactNode {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const now = crew.value;
  if (!now) return <div className="panel"><Nothing seen={crew} reload={crew.reload} /></div>;

  async function turn(id: string, on: boolean): Promise<void> {
    setBusy(true);
    setFault(null);
    const said = await ask(
      `/api/v1/crews/${encodeURIComponent(id)}:duty`,
      { method: "POST", body: JSON.stringify({ on }), headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() } },
      LIMIT_MS,
    );
    setBusy(false);
    if (said === null) setFault(t("field.needsNetwork"));
    else if (said.status >= 300) setFault(t([`problem.${said.type}`, "problem.unknown"]));
    crew.reload();
  }

  return (
    <div className="panel">
      <h2>{now.name}</h2>
      <p className="hint">{t("field.members", { lead: now.lead ?? "–", members: now.members.join(" · ") })}</p>
      <p><strong className={now.on_shift ? "good" : "off"}>{t(now.on_shift ? "field.onDuty" : "field.offDuty")}</strong> · {t("field.load", { count: now.load })}</p>
      <button type="button" className="button wide strong" disabled={busy} onClick={() => void turn(now.crew_id, !now.on_shift)}>
        {t(now.on_shift ? "field.goOff" : "field.goOn")}
      </button>
      {fault && <p className="notice bad" role="alert">{fault}</p>}
      <Age seen={crew} />
    </div>
  );
}

function Looks(): ReactNode {
  const { t, i18n } = useTranslation();
  const [theme, setTheme] = useState<Theme>(chosenTheme);
  useEffect(() => show(theme), [theme]);
  return (
    <div className="panel">
      <fieldset className="choice">
        <legend>{t("common.language")}</legend>
        {LANGUAGES.map((one) => (
          <button key={one} type="button" className="button" lang={one} aria-pressed={i18n.language === one} onClick={() => void speakAgain(one)}>
            {new Intl.DisplayNames([one], { type: "language" }).of(one.slice(0, 2))}
          </button>
        ))}
      </fieldset>
      <fieldset className="choice">
        <legend>{t("common.theme")}</legend>
        {THEMES.map((one) => (
          <button key={one} type="button" className="button" aria-pressed={theme === one} onClick={() => setTheme(one)}>
            {t(`common.${one}`)}
          </button>
        ))}
      </fieldset>
    </div>
  );
}

function SignIns(): ReactNode {
  const { t } = useTranslation();
  const { me } = useField();
  const [open, setOpen] = useState(false);
  return (
    <details className="panel" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("own.title")}</summary>
      {open && <Suspense fallback={<p>{t("common.loading")}</p>}><OwnAccount me={me} /></Suspense>}
    </details>
  );
}

/** Leaving takes away what was seen, never what was done: that waits for who did it. */
function Leave({ onLeft }: { onLeft: () => void }): ReactNode {
  const { t } = useTranslation();
  const { me, store, entries } = useField();
  const [asked, setAsked] = useState(false);
  const [away, setAway] = useState(false);
  const { waiting, refused } = tally(entries, me.username);
  const left = waiting + refused;

  /** Without the portal the session would go on, and whoever takes the phone next would be this person. */
  async function leave(): Promise<void> {
    const there = await ask("/api/v1/people/me", { method: "GET" }, LIMIT_MS);
    if (there?.status === 200) await unsubscribe().catch(() => undefined);
    // A token that ran out could be renewed by whoever comes next: its session ends, too.
    const isThere = there?.status === 200 || there?.status === 401;
    const gone = isThere && (await signOut().then(() => true, (error: unknown) => error instanceof Problem && error.status === 401));
    setAway(!gone);
    if (!gone) return;
    await store.forgetSeen(`${me.username}|`);
    onLeft();
  }

  return (
    <div className="panel">
      {asked && left > 0 && <p className="notice warn" role="alert">{t("field.leaveWaiting", { count: left })}</p>}
      <button type="button" className="button wide" onClick={() => (left > 0 && !asked ? setAsked(true) : void leave())}>
        {t(asked ? "field.leaveAnyway" : "common.signOut")}
      </button>
      {away && <p className="notice bad" role="alert">{t("field.needsNetwork")}</p>}
    </div>
  );
}
