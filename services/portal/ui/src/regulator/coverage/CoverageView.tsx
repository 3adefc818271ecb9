/** How many of those who must have alarm and valve have them: per area on a map and in a table. */
import { InputNumber, Switch } from "antd";
import { type ReactNode, Suspense, lazy } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { oneOf, useFilters, useScope, useTo } from "../address";
import { above, covers, levelOf, rootOf, useAreaName } from "../areas";
import { type GroupBy, useTallies } from "../data/lists";
import { Rate } from "../parts/Bits";
import { Bar, Choice, Export } from "../parts/Filters";
import { Freshness, Incomplete, Shown, Waiting } from "../parts/States";
import { ViewHead } from "../parts/What";
import { useArea, useMe } from "../shell/me";
import { CoverageTable } from "./CoverageTable";
import { type Tally, isBelow, named, rolledUp, targetOf, total } from "./rollup";

const CoverageMap = lazy(() => import("./CoverageMap"));
const BY = ["county", "operator", "kind"] as const satisfies readonly GroupBy[];

export function CoverageView(): ReactNode {
  const { t } = useTranslation();
  const scope = useScope();
  const area = useArea();
  const { filter } = useFilters();
  const target = targetOf(filter("target"));
  const usual = levelOf(area) === "county" ? "operator" : "county";
  const by = oneOf(BY, filter("by")) ?? usual;
  const query = useTallies(scope, by);
  return (
    <>
      <ViewHead view="coverage" words={["coverage", "obliged", "residential", "overdueCheck", "target"]} />
      <Up target={target} />
      <Bar>
        <Choice name="by" label={t("coverage.by")} values={BY.filter((one) => one !== usual && one !== "county")}
          word={(one) => t(`coverage.byWhat.${one}`)} all={t(`coverage.byWhat.${usual}`)} />
        <Target target={target} />
        <Export resource="coverage" scope={scope} filters={{ group_by: by }} />
      </Bar>
      <Shown query={query} rows={8}>
        {(all) => {
          // Those below their target are counties: a prefecture may reach it while one of its counties does not.
          const level = levelOf(area) === "province" && !filter("below") ? "prefecture" : "county";
          const rows = by === "county" ? rolledUp(all.items, level) : all.items;
          const shown = filter("below") ? rows.filter((row) => isBelow(row, target)) : rows;
          return (
            <>
              <Incomplete complete={all.complete} read={all.items.length} />
              <Sum tally={total(rows)} />
              <div className={by === "county" ? "reg-coverage" : undefined}>
                <CoverageTable rows={shown} by={by} target={target} empty={t(rows.length > 0 ? "coverage.noneBelow" : "coverage.empty")} />
                {by === "county" && (
                  <Suspense fallback={<Waiting rows={8} />}>
                    <CoverageMap counties={all.items} area={area} target={target} />
                  </Suspense>
                )}
              </div>
              <Freshness asked={query} />
            </>
          );
        }}
      </Shown>
    </>
  );
}

/** The way back up, as far as the person's own area. */
function Up({ target }: { target: number }): ReactNode {
  const { t } = useTranslation();
  const me = useMe();
  const area = useArea();
  const name = useAreaName();
  const to = useTo();
  const root = rootOf(me.area_code);
  const up = above(area);
  return (
    <p className="reg-up">
      <strong>{name(area)}</strong>
      {up && area !== root && covers(root, up) && (
        <Link to={to("/coverage", { area: up === root ? null : up, target: named(target) })}>↑ {t("coverage.up", { area: name(up) })}</Link>
      )}
    </p>
  );
}

function Target({ target }: { target: number }): ReactNode {
  const { t } = useTranslation();
  const { filter, change } = useFilters();
  return (
    <>
      <label className="reg-choice">
        <span>{t("coverage.target")}</span>
        <InputNumber aria-label={t("coverage.target")} min={0} max={100} precision={0} value={target} suffix="%"
          onChange={(value) => change({ target: value === null ? null : named(value) })} />
      </label>
      <label className="reg-choice">
        <Switch aria-label={t("coverage.onlyBelow")} checked={filter("below") !== ""}
          onChange={(on) => change({ below: on ? 1 : null })} />
        <span>{t("coverage.onlyBelow")}</span>
      </label>
    </>
  );
}

function Sum({ tally }: { tally: Tally }): ReactNode {
  const { t } = useTranslation();
  const to = useTo();
  return (
    <dl className="reg-sum">
      <div><dt>{t("coverage.covered")}</dt><dd><Rate covered={tally.covered} of={tally.obliged} none={t("reg.nobody")} /></dd></div>
      <div>
        <dt>{t("coverage.uncovered")}</dt>
        <dd className="reg-num"><Link to={to("/coverage/missing")}>{tally.obliged - tally.covered}</Link></dd>
      </div>
      <div><dt>{t("coverage.overdue")}</dt><dd className="reg-num">{tally.overdue}</dd></div>
      <div><dt>{t("coverage.residential")}</dt><dd><Rate covered={tally.residential.covered} of={tally.residential.sites} none={t("coverage.noHomes")} /></dd></div>
    </dl>
  );
}
