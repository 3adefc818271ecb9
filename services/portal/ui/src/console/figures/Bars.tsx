/** Alerts per ten minutes as bars, with the line above which a flood begins. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { AlertFigures } from "../../api/types";
import { dateTime } from "../../look/time";

const FLOOD = 10;
const HEIGHT = 100;

export function Bars({ of }: { of: AlertFigures["per_10_min"] }): ReactNode {
  const { t } = useTranslation();
  const most = Math.max(...of.map((bar) => bar.count));
  const top = Math.max(most, FLOOD) * 1.1;
  const y = (count: number): number => HEIGHT - (count / top) * HEIGHT;
  return (
    <>
      <svg className="bars" role="img" aria-label={t("figures.chart", { most })} viewBox={`0 0 ${of.length} ${HEIGHT}`} preserveAspectRatio="none">
        {of.map((bar, place) => (
          <rect key={bar.at} className={bar.count > FLOOD ? "over" : ""} x={place + 0.1} width={0.8} y={y(bar.count)} height={HEIGHT - y(bar.count)}>
            <title>{`${dateTime(bar.at)}: ${bar.count}`}</title>
          </rect>
        ))}
        <line x1={0} x2={of.length} y1={y(FLOOD)} y2={y(FLOOD)} />
      </svg>
      <p className="row soft figure"><span>{of[0] && dateTime(of[0].at)}</span> <span className="bars-end">{dateTime(of.at(-1)?.at ?? 0)}</span></p>
    </>
  );
}
