/** What a dispatcher does about an order: another crew, an end without work, or its close when the crew cannot. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Radio } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Order, Recommendation } from "../../api/types";
import * as acts from "../data/acts";
import { readRecommendation } from "../data/read";
import { useAct } from "../data/useAct";
import { Field, FormDialog } from "../parts/FormDialog";
import { Nothing, Shown } from "../parts/States";
import { useMay } from "../shell/me";
import { isUnderway } from "./kinds";

type Deed = "reassign" | "cancel" | "close";

export function OrderDeeds({ order }: { order: Order }): ReactNode {
  const { t } = useTranslation();
  const may = useMay()("directOrders");
  const [asked, setAsked] = useState<Deed | null>(null);
  if (!may || !isUnderway(order)) return null;
  const done = (): void => setAsked(null);
  // A crew on site is neither sent away nor cancelled: its order is closed.
  const onSite = order.state === "on_site";
  return (
    <div className="row">
      {onSite ? (
        <>
          <Button onClick={() => setAsked("close")}>{t("orders.deed.close")}</Button>
          <small className="soft">{t("orders.onSite")}</small>
        </>
      ) : (
        <>
          <Button type={order.crew_id ? "default" : "primary"} onClick={() => setAsked("reassign")}>{t(order.crew_id ? "orders.deed.reassign" : "orders.deed.assign")}</Button>
          <Button danger onClick={() => setAsked("cancel")}>{t("orders.deed.cancel")}</Button>
        </>
      )}
      {asked === "reassign" && <Reassign order={order} onDone={done} />}
      {(asked === "cancel" || asked === "close") && <End order={order} deed={asked} onDone={done} />}
    </div>
  );
}

function Reassign({ order, onDone }: { order: Order; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const told = useTold();
  const asked = useQuery({ queryKey: ["recommendation", order.order_id], queryFn: () => readRecommendation(order.order_id), staleTime: 0 });
  const [crew, setCrew] = useState<string | null>(null);
  const [reason, setReason] = useState("");
  const submit = (): void => {
    if (!crew) return;
    const body = { crew_id: crew, ...(reason.trim() ? { reason: reason.trim() } : {}) };
    void act.run(async (key) => told(await acts.reassign(order.order_id, body, key))).then((was) => was && onDone());
  };
  return (
    <FormDialog title={t(order.crew_id ? "orders.deed.reassign" : "orders.deed.assign")} ok={t(order.crew_id ? "orders.deed.reassign" : "orders.deed.assign")} act={act} onSubmit={submit} onCancel={onDone} disabled={!crew} width={640}>
      <Shown of={asked}>
        {(crews) => crews.length === 0 ? <Nothing words={t("problemMore.no-crew")} /> : (
          <Radio.Group className="stack" value={crew} onChange={({ target }) => setCrew(target.value as string)}>
            {crews.map((one) => <Radio key={one.crew_id} value={one.crew_id}><Judged crew={one} /></Radio>)}
          </Radio.Group>
        )}
      </Shown>
      <Field label={t("common.reason")}><Input.TextArea rows={2} maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} /></Field>
    </FormDialog>
  );
}

/** What speaks for and against a crew, in the server's own reasons. */
function Judged({ crew }: { crew: Recommendation }): ReactNode {
  const { t } = useTranslation();
  return (
    <>
      <strong><bdi>{crew.name}</bdi></strong> <span className={crew.available ? "soft" : "bad"}>{t(crew.available ? "orders.available" : "orders.unavailable")} · {t("orders.score", { score: Math.round(crew.score) })}</span>
      <br />
      <small className="soft">{crew.reasons.map(({ code, value }) => t(`orders.because.${code}`, { value: shown(code, value), defaultValue: code })).join(" · ")}</small>
    </>
  );
}

function shown(code: string, value: number): string {
  return code === "skill_share" ? String(Math.round(value * 100)) : String(Math.round(value * 10) / 10);
}

function End({ order, deed, onDone }: { order: Order; deed: "cancel" | "close"; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const told = useTold();
  const [reason, setReason] = useState("");
  const submit = (): void => {
    const send = deed === "cancel" ? acts.cancelOrder : acts.closeOrder;
    void act.run(async (key) => told(await send(order.order_id, reason.trim(), key))).then((was) => was && onDone());
  };
  return (
    <FormDialog title={t(`orders.deed.${deed}`)} ok={t(`orders.deed.${deed}`)} danger act={act} onSubmit={submit} onCancel={onDone} disabled={!reason.trim()}>
      <p>{t(`orders.means.${deed}`)}</p>
      <Field label={`${t("common.reason")} (${t("common.required")})`}><Input.TextArea rows={3} required maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} /></Field>
    </FormDialog>
  );
}

function useTold(): (order: Order) => void {
  const queries = useQueryClient();
  return (order) => {
    void queries.invalidateQueries({ queryKey: ["order", order.order_id] });
    void queries.invalidateQueries({ queryKey: ["orders"] });
    // A crew that was added since is known by its name, and who has how much to do is another by now.
    void queries.invalidateQueries({ queryKey: ["crews"] });
  };
}
