/** Small things that several views show. */
import { type MouseEvent, type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { age, dateTime } from "../look/time";
import { type Place, go, hrefOf } from "./address";
import type { SeenState } from "./useSeen";

/** The phone's time, every second. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** A link within the app. */
export function To({ to, className, children, current }: { to: Partial<Place>; className?: string; children: ReactNode; current?: boolean }): ReactNode {
  const follow = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={hrefOf(to)} className={className} onClick={follow} aria-current={current ? "page" : undefined}>
      {children}
    </a>
  );
}

const SHAPES: Readonly<Record<string, string>> = { P1: "◆", P2: "▲", P3: "■", P4: "●" };

/** A priority: colour, shape and word. */
export function PriorityMark({ priority }: { priority: string }): ReactNode {
  const { t } = useTranslation();
  return (
    <span className={`priority ${priority}`}>
      <span aria-hidden="true">{SHAPES[priority] ?? "●"}</span> {t(`priority.${priority}`)}
    </span>
  );
}

/** How old what is shown is, and that it could not be read anew. */
export function Age({ seen }: { seen: SeenState<unknown> }): ReactNode {
  const { t } = useTranslation();
  const now = useNow();
  if (seen.at_ms === null) return null;
  if (seen.state !== "stale") return <p className="hint">{t("field.seenAt", { time: dateTime(seen.at_ms) })}</p>;
  return <p className="notice warn" role="status">{t("field.staleSince", { time: dateTime(seen.at_ms), age: age(seen.at_ms, now) })}</p>;
}

/** What a view shows while there is nothing to show yet. */
export function Nothing({ seen, reload }: { seen: SeenState<unknown>; reload: () => void }): ReactNode {
  const { t } = useTranslation();
  if (seen.state !== "failed") return <p className="hint" aria-busy="true">{t("common.loading")}</p>;
  return (
    <div className="notice bad" role="alert">
      <p>{t("field.neverSeen")}</p>
      <button type="button" className="button" onClick={reload}>{t("common.again")}</button>
    </div>
  );
}

/** A time by the phone beside a time by the server. */
export function Times({ device, server }: { device: string | number | null; server: string | number | null }): ReactNode {
  const { t } = useTranslation();
  return (
    <span className="times">
      {device !== null && <span>{t("field.deviceTime", { time: dateTime(device) })}</span>}
      {server !== null && <span>{t("field.serverTime", { time: dateTime(server) })}</span>}
    </span>
  );
}
