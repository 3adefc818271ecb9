/** What stands above every screen until it is mended: connection lost, list not read, sound locked. */
import { Button } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { age, clock } from "../../look/time";
import { useCell } from "../live/cell";
import { useLine, useLive } from "../live/LiveProvider";
import { ahead, useNow } from "../live/now";
import { soundTest } from "./StartOfWatch";
import { useMay } from "./me";

const TOLERATED_MS = 5_000;

export function LostBanner(): ReactNode {
  const { t } = useTranslation();
  const line = useLine();
  const now = useNow();
  const { state } = line;
  // The line tells its time by this desk's clock.
  const since = line.since + ahead.get();
  if (state === "live" || (state === "connecting" && now - since < 3_000)) return null;
  return (
    <div className="banner lost" role="alert">
      <span aria-hidden="true">✕</span> {t("shell.lost", { at: clock(since) })}{" "}
      <strong className="figure" aria-live="off">{t("common.stale", { age: age(since, now) })}</strong>
    </div>
  );
}

/** The stream is not the list: what was never read is missing, whatever comes live. */
export function NotReadBanner(): ReactNode {
  const { t } = useTranslation();
  const live = useLive();
  if (useCell(live.reading) !== "failed") return null;
  return (
    <div className="banner lost" role="alert">
      <span aria-hidden="true">✕</span> {t("shell.notRead")}{" "}
      <Button size="small" onClick={() => void live.readAll()}>{t("common.again")}</Button>
    </div>
  );
}

export function Banners(): ReactNode {
  const { t } = useTranslation();
  const live = useLive();
  const may = useMay();
  const unlocked = useCell(live.ringer.unlocked);
  const wrong = useCell(ahead);
  return (
    <>
      <LostBanner />
      <NotReadBanner />
      {Math.abs(wrong) > TOLERATED_MS && (
        <div className="banner locked" role="status"><span aria-hidden="true">◷</span> {t("shell.clock", { seconds: Math.round(Math.abs(wrong) / 1_000) })}</div>
      )}
      {!unlocked && may("keepWatch") && (
        <div className="banner locked" role="status">
          <span aria-hidden="true">✕ ♪</span> {t("shell.locked")}{" "}
          <Button size="small" onClick={() => soundTest.set(true)}>{t("shell.startWatch")}</Button>
        </div>
      )}
    </>
  );
}
