import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Contact } from "../../api/types";
import { readContacts } from "../data/read";
import { Nothing, Shown } from "../parts/States";
import { useMay } from "../shell/me";
import { ContactForm } from "./ContactForm";

export function Contacts(): ReactNode {
  const { t } = useTranslation();
  const may = useMay()("changeNotices");
  const queries = useQueryClient();
  const [form, setForm] = useState<Contact | "new" | null>(null);
  const asked = useQuery({ queryKey: ["contacts"], queryFn: readContacts });
  const done = (): void => {
    setForm(null);
    void queries.invalidateQueries({ queryKey: ["contacts"] });
  };
  return (
    <>
      {may && <div><Button type="primary" onClick={() => setForm("new")}>{t("notices.addContact")}</Button></div>}
      <div className="panel scroll" tabIndex={0}>
        <Shown of={asked}>
          {(items) => (items.length === 0 ? <Nothing words={t("notices.noContacts")} /> : (
            <table className="plain">
              <thead><tr><th>{t("common.person")}</th><th>{t("notices.role")}</th><th>{t("notices.addresses")}</th><th>{t("common.language")}</th><th>{t("common.state")}</th><th /></tr></thead>
              <tbody>
                {items.map((one) => (
                  <tr key={one.contact_id} className={one.active ? "" : "soft"}>
                    <td><bdi>{one.name}</bdi> <small className="soft">{one.contact_id}</small></td>
                    <td>{t(`role.${one.role}`, { defaultValue: one.role })}</td>
                    <td>{one.addresses.map(({ channel, address }) => <div key={`${channel} ${address}`}>{t(`notices.channelName.${channel}`, { defaultValue: channel })}: <bdi>{address}</bdi></div>)}</td>
                    <td>{one.language}</td>
                    <td>{t(one.active ? "notices.active" : "notices.inactive")}</td>
                    <td>{may && <Button size="small" onClick={() => setForm(one)}>{t("notices.change")}</Button>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          ))}
        </Shown>
      </div>
      {form && <ContactForm contact={form === "new" ? null : form} onDone={done} onCancel={() => setForm(null)} />}
    </>
  );
}
