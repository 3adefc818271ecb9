/** What became of an order besides its steps: to whom it was given, by whom it was ended, and why. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Order, OrderItem } from "../../api/types";
import { dateTime } from "../../look/time";
import { readOrderTimeline } from "../data/read";
import { useCrewName } from "../data/register";
import { Actor } from "../detail/Timeline";
import { Shown } from "../parts/States";

const TOLD: readonly OrderItem["kind"][] = ["opened", "assigned", "reassigned", "escalated", "alert_joined", "closed", "cancelled"];
/** Of these the reason is a person's own words; of the others it is a code. */
const WORDS: readonly OrderItem["kind"][] = ["reassigned", "closed", "cancelled"];

export function History({ order }: { order: Order }): ReactNode {
  const { t } = useTranslation();
  const crew = useCrewName();
  const asked = useQuery({
    queryKey: ["order", order.order_id, "timeline", order.revision],
    queryFn: () => readOrderTimeline(order.order_id),
    placeholderData: (before) => before,
  });
  return (
    <section className="panel">
      <h2>{t("orders.history")}</h2>
      <Shown of={asked}>
        {(items) => (
          <ol className="timeline">
            {items.filter(({ kind }) => TOLD.includes(kind)).map((item, place) => (
              <li key={place}>
                <time className="figure soft">{dateTime(item.at)}</time>
                <span>
                  <strong>{t(`orderItem.${item.kind}`)}</strong>
                  {item.crew_id && <> · <bdi>{crew(item.crew_id)}</bdi></>}
                  {item.actor && <> · <Actor of={item.actor} /></>}
                  {item.reason && WORDS.includes(item.kind) && <> · <bdi className="wrap">{item.reason}</bdi></>}
                </span>
              </li>
            ))}
          </ol>
        )}
      </Shown>
    </section>
  );
}
