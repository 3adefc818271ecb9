/** The crews: who is on duty, where their last word came from, how much they have to do. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { dateTime } from "../../look/time";
import { readCrews } from "../data/read";
import { areaName } from "../parts/areas";
import { Nothing, Shown } from "../parts/States";

const AGAIN_MS = 10_000;

export function Crews(): ReactNode {
  const { t } = useTranslation();
  const asked = useQuery({ queryKey: ["crews"], queryFn: readCrews, refetchInterval: AGAIN_MS });
  return (
    <Shown of={asked}>
      {(crews) => crews.length === 0 ? <Nothing words={t("orders.noCrews")} /> : (
        <div className="panel scroll" tabIndex={0}>
          <table className="plain">
            <thead><tr><th>{t("order.crew")}</th><th>{t("orders.duty")}</th><th>{t("orders.load")}</th><th>{t("orders.lead")}</th><th>{t("orders.members")}</th><th>{t("orders.skills")}</th><th>{t("common.area")}</th><th>{t("orders.position")}</th></tr></thead>
            <tbody>
              {[...crews].sort((one, other) => Number(other.on_shift) - Number(one.on_shift) || one.name.localeCompare(other.name)).map((crew) => (
                <tr key={crew.crew_id}>
                  <td><bdi>{crew.name}</bdi></td>
                  <td className="nowrap"><span aria-hidden="true">{crew.on_shift ? "●" : "○"}</span> {t(crew.on_shift ? "orders.onDuty" : "orders.offDuty")}</td>
                  <td className="figure">{crew.load}</td>
                  <td><bdi>{crew.lead ?? "–"}</bdi></td>
                  <td className="wrap"><bdi>{crew.members.join(", ")}</bdi></td>
                  <td className="wrap">{crew.skills.map((skill) => t(`skill.${skill}`, { defaultValue: skill })).join(", ")}</td>
                  <td>{areaName(t, crew.area_code)}</td>
                  <td className="figure nowrap">{crew.position_at && crew.longitude !== null && crew.latitude !== null ? `${crew.latitude.toFixed(4)}, ${crew.longitude.toFixed(4)} · ${dateTime(crew.position_at)}` : "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Shown>
  );
}
