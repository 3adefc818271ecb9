/** The columns of the list: all of them on a desk, the needful ones on a narrow screen. */
import type { TableColumnsType } from "antd";
import type { TFunction } from "i18next";
import type { Site } from "../../api/types";
import { clock, dateTime } from "../../look/time";
import type { Row } from "../live/rows";
import { Age } from "../parts/Age";
import { Priority } from "../parts/Priority";
import { SiteName, States, Value } from "./Cells";
import type { Picking } from "./usePicking";

export interface ColumnNeeds {
  t: TFunction;
  width: number;
  /** English words are longer than Chinese ones. */
  long: boolean;
  site: (id: string) => Site | undefined;
  picking: Picking | null;
}
const NARROW = 760;
const PICK_WIDTH = 40;

function pick({ t, picking }: ColumnNeeds): TableColumnsType<Row> {
  if (!picking) return [];
  return [
    {
      key: "pick",
      width: PICK_WIDTH,
      title: (
        <input type="checkbox" aria-label={t("alerts.pickAll")} checked={picking.all} ref={(box) => { if (box) box.indeterminate = picking.some && !picking.all; }}
          onChange={() => picking.toggleAll()} />
      ),
      render: (_, row) => (
        <input type="checkbox" aria-label={t("alerts.pick", { rule: t(`rule.${row.alert.rule}`) })} checked={picking.has(row.id)} readOnly
          onClick={(event) => {
            event.stopPropagation();
            picking.toggle(row.id, event.shiftKey);
          }} />
      ),
    },
  ];
}

const priorityWidth = (long: boolean): number => (long ? 116 : 92);

const priority = ({ t, long }: ColumnNeeds): TableColumnsType<Row>[number] => ({
  key: "priority",
  width: priorityWidth(long),
  title: t("common.priority"),
  render: (_, { alert }) => <Priority of={alert.priority} flashing={!alert.acknowledged && !alert.suppressed} />,
});

function wide(needs: ColumnNeeds): TableColumnsType<Row> {
  const { t, site, width, long } = needs;
  const stateWidth = long ? 352 : 204;
  const fixed = (needs.picking ? PICK_WIDTH : 0) + priorityWidth(long) + stateWidth + 140 + 76 + 86 + 96;
  const rest = Math.max(340, width - fixed - 8);
  return [
    ...pick(needs),
    priority(needs),
    { key: "rule", width: Math.round(rest * 0.48), title: t("common.rule"), render: (_, { alert }) => <span className="cut" title={t(`rule.${alert.rule}`)}><small className="soft">{alert.rule}</small> {t(`rule.${alert.rule}`)}{alert.repeat_count > 0 && <small className="soft"> ×{alert.repeat_count + 1}</small>}</span> },
    { key: "site", width: Math.round(rest * 0.52), title: t("common.site"), render: (_, { alert }) => <SiteName id={alert.site_id} site={site(alert.site_id)} /> },
    { key: "state", width: stateWidth, title: t("common.state"), render: (_, { alert }) => <States alert={alert} /> },
    { key: "value", width: 140, title: t("alerts.value"), render: (_, { alert }) => <Value alert={alert} /> },
    { key: "zone", width: 76, title: t("alerts.zone"), render: (_, { alert }) => <bdi className="cut" title={alert.zone}>{alert.zone || "–"}</bdi> },
    { key: "at", width: 86, title: t("alerts.opened"), render: (_, { alert }) => <span className="figure" title={dateTime(alert.opened_at)}>{clock(alert.opened_at)}</span> },
    { key: "age", width: 96, title: t("alerts.age"), render: (_, { alert }) => <Age from={alert.opened_at} /> },
  ];
}

function narrow(needs: ColumnNeeds): TableColumnsType<Row> {
  const { t, site, width, long } = needs;
  const fixed = priorityWidth(long) + 116;
  // No room to pick many on a phone.
  return [
    priority(needs),
    {
      key: "rule",
      width: Math.max(130, width - fixed - 8),
      title: t("alerts.what"),
      render: (_, { alert }) => (
        <>
          <span className="cut" title={t(`rule.${alert.rule}`)}>{t(`rule.${alert.rule}`)}</span>
          <SiteName id={alert.site_id} site={site(alert.site_id)} />
        </>
      ),
    },
    { key: "value", width: 116, title: t("alerts.value"), render: (_, { alert }) => <><Value alert={alert} /><br /><Age from={alert.opened_at} /></> },
  ];
}

export function columnsFor(needs: ColumnNeeds): TableColumnsType<Row> {
  return needs.width < NARROW ? narrow(needs) : wide(needs);
}
