import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Route } from "../../api/types";
import { readRoutes } from "../data/read";
import { areaName } from "../parts/areas";
import { Priority } from "../parts/Priority";
import { Nothing, Shown } from "../parts/States";
import { useMay } from "../shell/me";
import { RouteForm } from "./RouteForm";

export function Routes(): ReactNode {
  const { t } = useTranslation();
  const may = useMay()("changeNotices");
  const queries = useQueryClient();
  const [form, setForm] = useState<Route | "new" | null>(null);
  const asked = useQuery({ queryKey: ["routes"], queryFn: readRoutes });
  const done = (): void => {
    setForm(null);
    void queries.invalidateQueries({ queryKey: ["routes"] });
  };
  const orAll = (words: readonly string[]): string => (words.length === 0 ? t("common.all") : words.join(", "));
  return (
    <>
      <p>{t("notices.routesMean")}</p>
      {may && <div><Button type="primary" onClick={() => setForm("new")}>{t("notices.addRoute")}</Button></div>}
      <div className="panel scroll" tabIndex={0}>
        <Shown of={asked}>
          {(items) => (items.length === 0 ? <Nothing words={t("notices.noRoutes")} /> : (
            <table className="plain">
              <thead><tr><th>{t("notices.id")}</th><th>{t("notices.topic")}</th><th>{t("common.priority")}</th><th>{t("notices.roles")}</th><th>{t("notices.level")}</th><th>{t("common.rule")}</th><th>{t("notices.channel")}</th><th>{t("common.area")}</th><th>{t("common.state")}</th><th /></tr></thead>
              <tbody>
                {items.map((one) => (
                  <tr key={one.route_id} className={one.active ? "" : "soft"}>
                    <td>{one.route_id}</td>
                    <td>{t(`notices.topics.${one.topic}`)}</td>
                    <td>{one.priorities.map((priority) => <Priority key={priority} of={priority} />)}</td>
                    <td>{one.roles.map((role) => t(`role.${role}`, { defaultValue: role })).join(", ")}</td>
                    <td>{t(`notices.levels.${one.level}`)}</td>
                    <td>{orAll(one.rules)}</td>
                    <td>{orAll(one.channels.map((channel) => t(`notices.channelName.${channel}`, { defaultValue: channel })))}</td>
                    <td>{areaName(t, one.area_code)}</td>
                    <td>{t(one.active ? "notices.active" : "notices.inactive")}</td>
                    <td>{may && <Button size="small" onClick={() => setForm(one)}>{t("notices.change")}</Button>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          ))}
        </Shown>
      </div>
      {form && <RouteForm route={form === "new" ? null : form} onDone={done} onCancel={() => setForm(null)} />}
    </>
  );
}
