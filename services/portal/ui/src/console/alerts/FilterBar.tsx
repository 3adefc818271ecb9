/** Narrow the list by area, firm, site, rule, state, priority or words. */
import { Button, type InputRef, Select } from "antd";
import { type ReactNode, type RefObject, memo, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Alert } from "../../api/types";
import { useFirms, useSites } from "../data/register";
import { useLive } from "../live/LiveProvider";
import { areaName } from "../parts/areas";
import { SHAPES } from "../parts/Priority";
import { SearchBox } from "../parts/SearchBox";
import { type Filter, type FilterName, PRIORITIES, STATES, isFiltered } from "./filters";

interface Props {
  filter: Filter;
  change: (name: FilterName, value: string | readonly string[]) => void;
  clear: () => void;
  search: RefObject<InputRef | null>;
  rules: readonly string[];
}

/** Drawn when a filter changes, not with each change of an alert: a list of sites is long. */
export const FilterBar = memo(function FilterBar({ filter, change, clear, search, rules }: Props): ReactNode {
  const { t } = useTranslation();
  const { alerts } = useLive();
  const sites = useSites();
  const firms = useFirms();
  const present = (pick: (alert: Alert) => string): string[] => [...new Set([...alerts.rows()].map(({ alert }) => pick(alert)))].sort();
  const [areas, setAreas] = useState<string[]>([]);
  const siteOptions = useMemo(() => [...sites.values()].map((site) => ({ value: site.site_id, label: site.name })), [sites]);
  const one = { allowClear: true, showSearch: { optionFilterProp: "label" }, popupMatchSelectWidth: 260 };
  return (
    <div className="filters" role="search">
      <SearchBox ref={search} value={filter.text} change={(value) => change("text", value)} hint={t("alerts.searchHint")} />
      <Select {...one} mode="multiple" maxTagCount={1} aria-label={t("common.priority")} placeholder={t("common.priority")} className="filter" value={[...filter.priorities]}
        onChange={(value) => change("priorities", value)} options={PRIORITIES.map((value) => ({ value, label: `${SHAPES[value] ?? ""} ${t(`priority.${value}`)}` }))} />
      <Select {...one} mode="multiple" maxTagCount={1} aria-label={t("common.rule")} placeholder={t("common.rule")} className="filter wide" value={[...filter.rules]}
        onChange={(value) => change("rules", value)} options={rules.map((value) => ({ value, label: `${value} ${t(`rule.${value}`)}` }))} />
      <Select {...one} aria-label={t("common.state")} placeholder={t("common.state")} className="filter" value={filter.state || null}
        onChange={(value) => change("state", value ?? "")} options={STATES.map((value) => ({ value, label: t(`alertFilter.${value}`) }))} />
      <Select {...one} aria-label={t("common.area")} placeholder={t("common.area")} className="filter" value={filter.area || null}
        onOpenChange={(open) => open && setAreas(present((alert) => alert.area_code))}
        onChange={(value) => change("area", value ?? "")} options={[...new Set([...areas, ...(filter.area ? [filter.area] : [])])].map((value) => ({ value, label: areaName(t, value) }))} />
      {firms.size > 1 && (
        <Select {...one} aria-label={t("common.operator")} placeholder={t("common.operator")} className="filter wide" value={filter.operator || null}
          onChange={(value) => change("operator", value ?? "")} options={[...firms.values()].map((firm) => ({ value: firm.operator_id, label: firm.name }))} />
      )}
      <Select {...one} aria-label={t("common.site")} placeholder={t("common.site")} className="filter wide" value={filter.site || null}
        onChange={(value) => change("site", value ?? "")} options={siteOptions} />
      {isFiltered(filter) && <Button type="link" onClick={clear}>{t("common.clear")}</Button>}
    </div>
  );
});
