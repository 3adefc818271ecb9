/** The list that a watch looks at: live, filtered by the address, worked by keys. */
import { Alert as Notice, Button, type InputRef } from "antd";
import { type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import type { Alert } from "../../api/types";
import { useSites } from "../data/register";
import { useCell } from "../live/cell";
import { useLive } from "../live/LiveProvider";
import { Page } from "../parts/Page";
import { Priority } from "../parts/Priority";
import { Loading } from "../parts/States";
import { TabBar } from "../parts/TabBar";
import { useMay } from "../shell/me";
import { AlertTable, type Scrolling } from "./AlertTable";
import { ClosedAlerts } from "./ClosedAlerts";
import { dialog } from "./dialogs";
import { FilterBar } from "./FilterBar";
import { type FilterName, PRIORITIES, TABS, filterOf, isFiltered, matcher, tabOf, withFilter, withoutFilters } from "./filters";
import { KeysHelp } from "./KeysHelp";
import { NewBar } from "./NewBar";
import { RULES } from "./rules";
import { refusal, useDeeds } from "./useDeeds";
import { useHeld } from "./useHeld";
import { useListKeys } from "./useListKeys";
import { usePicking } from "./usePicking";
import { type Counts, useCounts, useRows } from "./useRows";
import "./alerts.css";

function Toolbar({ picked, clear, help }: { picked: Alert[]; clear: () => void; help: () => void }): ReactNode {
  const { t } = useTranslation();
  const deeds = useDeeds();
  const may = useMay()("handleAlerts");
  return (
    <>
      {may && picked.length > 0 && (
        <>
          <span>{t("alerts.picked", { count: picked.length })}</span>
          <Button type="primary" onClick={() => deeds.acknowledge(picked)}>{t("deed.acknowledge")}</Button>
          <Button onClick={() => dialog.set({ kind: "shelve", alerts: picked })}>{t("deed.shelve")}</Button>
          <Button onClick={clear}>{t("common.clear")}</Button>
        </>
      )}
      <Button onClick={help}>{t("alerts.keys")} <kbd>?</kbd></Button>
    </>
  );
}

function Unacknowledged({ counts }: { counts: Counts }): ReactNode {
  return PRIORITIES.map((priority) => {
    const count = counts.by[priority] ?? 0;
    return count > 0 && <span key={priority} className="count"><Priority of={priority} /> <strong className="figure">{count}</strong></span>;
  });
}

function Refusal(): ReactNode {
  const words = useCell(refusal);
  if (words === null) return null;
  return <Notice type="error" showIcon role="alert" title={words} closable={{ onClose: () => refusal.set(null) }} />;
}

export function AlertsPage(): ReactNode {
  const { t } = useTranslation();
  const live = useLive();
  const may = useMay()("handleAlerts");
  const [params, setParams] = useSearchParams();
  const sites = useSites();
  const search = useRef<InputRef>(null);
  const table = useRef<Scrolling>(null);
  const [help, setHelp] = useState(false);
  // The drawer's own parameter is no filter: opening an alert must not put the list in order anew.
  const address = useMemo(() => {
    const filters = new URLSearchParams(params);
    filters.delete("alert");
    return filters.toString();
  }, [params]);
  const { tab, filter } = useMemo(() => {
    const said = new URLSearchParams(address);
    return { tab: tabOf(said), filter: filterOf(said) };
  }, [address]);
  const fits = useMemo(() => matcher(tab, filter, { site: (id) => sites.get(id), rule: (code) => t(`rule.${code}`) }), [tab, filter, sites, t]);
  const [picked, setPicked] = useState(false);
  const holding = useHeld(picked);
  const { rows, waiting, refresh } = useRows(fits, holding.held);
  const picking = usePicking(rows, fits);
  if (picking.some !== picked) setPicked(picking.some);
  const counts = useCounts();
  const reading = useCell(live.reading);

  const change = useCallback((name: FilterName, value: string | readonly string[]) => setParams((now) => withFilter(now, name, value), { replace: true }), [setParams]);
  const clear = useCallback(() => setParams((now) => withoutFilters(now)), [setParams]);
  const open = useCallback((id: string, replace = false) => setParams((now) => { const next = new URLSearchParams(now); next.set("alert", id); return next; }, { replace }), [setParams]);
  const show = (next: string): void => setParams((now) => { const to = new URLSearchParams(now); to.set("tab", next); return to; });
  const bringIn = (): void => { holding.release(); refresh(); table.current?.top(); };
  const cursor = useListKeys({ rows, picking, may, shown: params.get("alert"), open, onKey: holding.onKey, table, search, refresh: bringIn, help: () => setHelp(true), off: tab === "closed" });

  const chosen = useMemo(() => rows.filter((row) => picking.has(row.id)).map((row) => row.alert), [rows, picking]);
  const label = { open: counts.open, unacknowledged: counts.unacknowledged, shelved: counts.shelved, closed: null };
  const empty = isFiltered(filter) ? t("alerts.noneFiltered") : t(`alerts.none.${tab}`);
  return (
    <Page screen="alerts" full actions={<Toolbar picked={chosen} clear={picking.clear} help={() => setHelp(true)} />}>
      <Refusal />
      <div className="counts">
        <Unacknowledged counts={counts} />
        {tab !== "closed" && <NewBar waiting={waiting} refresh={bringIn} />}
      </div>
      <FilterBar filter={filter} change={change} clear={clear} search={search} rules={RULES} />
      <TabBar label={t("nav.alerts")} active={tab} choose={show} items={TABS.map((key) => ({ key, label: label[key] === null ? t(`alerts.tab.${key}`) : `${t(`alerts.tab.${key}`)} ${label[key]}` }))} />
      {tab === "closed" ? (
        <ClosedAlerts filter={filter} fits={fits} onOpen={open} />
      ) : reading !== "read" && live.alerts.size === 0 ? (
        <Loading />
      ) : (
        <AlertTable ref={table} rows={rows} picking={may ? picking : null} cursor={cursor} onOpen={open} onHover={holding.onHover} onScrolled={holding.onScrolled} empty={empty} />
      )}
      <KeysHelp open={help} onClose={() => setHelp(false)} />
    </Page>
  );
}
