/** Open an order for a crew (派单), for alerts or for a site; a site has one open response order at most, the server says so. */
import { Input, Select } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { Alert, Order } from "../../api/types";
import { PRIORITIES } from "../alerts/filters";
import * as acts from "../data/acts";
import { useSiteName, useSites } from "../data/register";
import { useAct } from "../data/useAct";
import { Field, FormDialog } from "../parts/FormDialog";
import { SHAPES } from "../parts/Priority";
import { KINDS } from "./kinds";

export function OpenOrder({ alerts, onDone }: { alerts: readonly Alert[]; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const go = useNavigate();
  const sites = useSites();
  const nameOf = useSiteName();
  const [first] = alerts;
  const same = alerts.filter((alert) => alert.site_id === first?.site_id);
  const [siteId, setSiteId] = useState(first?.site_id ?? null);
  const [kind, setKind] = useState<Order["kind"]>(first ? "response" : "inspection");
  const [priority, setPriority] = useState<Order["priority"]>(first?.priority ?? "P4");
  const [text, setText] = useState(first ? [t(`rule.${first.rule}`), nameOf(first.site_id), first.zone].filter(Boolean).join(" · ") : "");
  const [opened, setOpened] = useState<Order | null>(null);
  const submit = (): void => {
    if (!siteId) return;
    const body = { site_id: siteId, kind, priority, text: text.trim(), alert_ids: same.map((alert) => alert.alert_id) };
    void act.run(async (key) => setOpened(await acts.openOrder(body, key)));
  };
  if (opened) {
    return (
      <FormDialog title={t("deed.dispatch")} ok={t("orders.goTo")} cancel={t("orders.back")} act={act} onCancel={onDone}
        onSubmit={() => { onDone(); void go(`/orders?order=${opened.order_id}`); }}>
        <p role="status">{t("dispatch.opened", { state: t(`orderState.${opened.state}`) })}</p>
      </FormDialog>
    );
  }
  return (
    <FormDialog title={t("deed.dispatch")} ok={t("deed.dispatch")} act={act} onSubmit={submit} onCancel={onDone} disabled={!siteId || !text.trim()}>
      {first ? (
        <p className="wrap"><bdi>{nameOf(first.site_id)}</bdi> <span className="soft">{sites.get(first.site_id)?.address}</span></p>
      ) : (
        <Field label={t("common.site")}>
          <Select aria-label={t("common.site")} showSearch={{ optionFilterProp: "label" }} value={siteId} onChange={setSiteId} options={[...sites.values()].map((site) => ({ value: site.site_id, label: site.name }))} />
        </Field>
      )}
      {same.length < alerts.length && <p>{t("dispatch.oneSite", { count: alerts.length - same.length })}</p>}
      <Field label={t("dispatch.kind")}>
        <Select aria-label={t("dispatch.kind")} value={kind} onChange={setKind} options={KINDS.map((value) => ({ value, label: t(`orderKind.${value}`) }))} />
      </Field>
      <Field label={t("common.priority")}>
        <Select aria-label={t("common.priority")} value={priority} onChange={setPriority} options={PRIORITIES.map((value) => ({ value, label: `${SHAPES[value] ?? ""} ${t(`priority.${value}`)}` }))} />
      </Field>
      <Field label={t("dispatch.text")}>
        <Input.TextArea rows={3} required maxLength={2000} value={text} onChange={(event) => setText(event.target.value)} />
      </Field>
    </FormDialog>
  );
}
