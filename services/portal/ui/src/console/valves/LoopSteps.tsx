/** 已下发 → 设备确认 → 反馈到位 → 浓度回落, each with its shape, its word and its time. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { TimelineItem, ValveCommand } from "../../api/types";
import { clock } from "../../look/time";
import { useNow } from "../live/now";
import { type StepState, loopOf } from "./loop";

const SHAPES: Record<StepState, string> = { done: "✓", waiting: "…", timeout: "✕", failed: "✕", later: "○", none: "–" };

export function LoopSteps({ command, timeline }: { command: ValveCommand; timeline: readonly TimelineItem[] }): ReactNode {
  const { t } = useTranslation();
  const now = useNow();
  return (
    <ol className="loop" aria-label={t("valve.loop")}>
      {loopOf(command, timeline, now).map(({ name, state, at, reason }) => (
        <li key={name} className={`loop-step ${state}`}>
          <strong><span aria-hidden="true">{SHAPES[state]}</span> {t(`valve.step.${name}`)}</strong>
          <span>{t(`valve.stepState.${state}`)}</span>
          {at && <time className="figure soft">{clock(at)}</time>}
          {reason && <small className="soft wrap">{t(`valve.reason.${reason}`, { defaultValue: reason })}</small>}
        </li>
      ))}
    </ol>
  );
}
