/** What happened to an alert, in order, by whom and why. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Alert, TimelineItem } from "../../api/types";
import { dateTime } from "../../look/time";
import { readTimeline } from "../data/read";
import { Shown } from "../parts/States";

/** The timeline is read again with each change of the alert. */
export function useTimeline(alert: Alert): ReturnType<typeof useQuery<Awaited<ReturnType<typeof readTimeline>>>> {
  return useQuery({
    queryKey: ["timeline", alert.alert_id, alert.revision],
    queryFn: () => readTimeline(alert.alert_id),
    placeholderData: (before) => before,
    staleTime: 60_000,
  });
}

export function Timeline({ alert }: { alert: Alert }): ReactNode {
  const { t } = useTranslation();
  const asked = useTimeline(alert);
  return (
    <section className="panel">
      <h2>{t("detail.timeline")}</h2>
      <Shown of={asked}>
        {(items) => (
          <ol className="timeline">
            {items.map((item, place) => (
              <li key={place}>
                <time className="figure soft">{dateTime(item.at)}</time>
                <span><strong>{t(`alertItem.${item.kind}`)}</strong>{item.actor && <> · <Actor of={item.actor} /></>}{item.reason && <> · <bdi className="wrap"><Why item={item} /></bdi></>}</span>
              </li>
            ))}
          </ol>
        )}
      </Shown>
    </section>
  );
}

/** What people wrote stands as they wrote it; what a machine said is a code, or some with colons between. */
const SAID_BY_MACHINES: readonly TimelineItem["kind"][] = [
  "raised", "repeated", "command_sent", "command_result", "valve_moved", "valve_closed", "safe", "escalated", "cleared", "unshelved",
];

function Why({ item }: { item: TimelineItem }): ReactNode {
  const { t } = useTranslation();
  const { kind, reason = "" } = item;
  if (!SAID_BY_MACHINES.includes(kind) || !/^\w+(:\w+)*$/.test(reason)) return reason;
  return reason.split(":").map((code) => t([`position.${code}`, `why.${code}`], { defaultValue: code })).join(" · ");
}

/** A person, or what acted by itself: a rule, a timer, a device. */
export function Actor({ of }: { of: string }): ReactNode {
  const { t } = useTranslation();
  const [kind, rest] = of.split(":", 2);
  if (kind === "rule" && rest) return t("actor.rule", { rule: rest });
  if (kind === "device" && rest) return t("actor.device", { device: rest });
  if (of === "timer") return t("actor.timer");
  return <bdi>{of}</bdi>;
}
