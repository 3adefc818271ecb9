/** The valves of the place, and how far each close command has come. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Alert, TimelineItem } from "../../api/types";
import { dateTime } from "../../look/time";
import { readCommands } from "../data/read";
import { useNow } from "../live/now";
import { Shown } from "../parts/States";
import { isMoving } from "../valves/loop";
import { LoopSteps } from "../valves/LoopSteps";
import { Actor, useTimeline } from "./Timeline";
import { useValves } from "./useValves";

const OFTEN_MS = 1_000;
const SELDOM_MS = 10_000;

export function ValveLoops({ alert }: { alert: Alert }): ReactNode {
  const { t } = useTranslation();
  const valves = useValves(alert);
  const timeline = useTimeline(alert).data ?? [];
  if (valves.data?.length === 0) return null;
  return (
    <section className="panel">
      <h2>{t("valve.loop")}</h2>
      <Shown of={valves}>{(known) => known.map(({ id }) => <Loop key={id} valveId={id} timeline={timeline} />)}</Shown>
    </section>
  );
}

function Loop({ valveId, timeline }: { valveId: string; timeline: readonly TimelineItem[] }): ReactNode {
  const { t } = useTranslation();
  const now = useNow();
  const asked = useQuery({
    queryKey: ["commands", valveId],
    queryFn: () => readCommands(valveId),
    refetchInterval: ({ state }) => (state.data?.[0] && isMoving(state.data[0], now) ? OFTEN_MS : SELDOM_MS),
  });
  return (
    <Shown of={asked}>
      {([newest, ...before]) => (
        <>
          <p><bdi>{valveId}</bdi>{!newest && <span className="soft"> · {t("valve.noCommand")}</span>}</p>
          {newest && (
            <>
              <p className="soft">{dateTime(newest.issued_at)} · {t(newest.automatic ? "valve.automatic" : "valve.byHand")} · {newest.actors.map((one) => <Actor key={one} of={one} />)}</p>
              <LoopSteps command={newest} timeline={timeline} />
            </>
          )}
          {before.length > 0 && <p className="soft">{t("valve.before", { count: before.length })}</p>}
        </>
      )}
    </Shown>
  );
}
