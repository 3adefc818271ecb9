import { Button, Checkbox, Input, Select } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Contact } from "../../api/types";
import * as acts from "../data/acts";
import { useAct } from "../data/useAct";
import { Field, FormDialog } from "../parts/FormDialog";
import { LANGUAGES } from "../../words";

const ROLES = ["watch", "watch_supervisor", "operator_admin", "dispatcher", "duty_manager", "crew_lead", "crew_member", "regulator_officer", "administrator"] as const;
const ADDRESSES_MAX = 10;

interface Props {
  contact: Contact | null;
  onDone: () => void;
  onCancel: () => void;
}

export function ContactForm({ contact, onDone, onCancel }: Props): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const [id, setId] = useState(contact?.contact_id ?? "");
  const [area, setArea] = useState(contact?.area_code ?? "");
  const [name, setName] = useState(contact?.name ?? "");
  const [role, setRole] = useState(contact?.role ?? "watch");
  const [language, setLanguage] = useState<Contact["language"]>(contact?.language ?? "zh-CN");
  const [active, setActive] = useState(contact?.active ?? true);
  const [addresses, setAddresses] = useState(contact?.addresses ?? [{ channel: "", address: "" }]);
  const values = { name: name.trim(), role, language, active, addresses: addresses.filter((one) => one.channel && one.address) };
  const ready = values.name && values.addresses.length > 0 && (contact || (id && /^\d{6}$/.test(area)));
  const submit = (): void => {
    void act
      .run(async (key) => void (contact ? await acts.changeContact(contact, values) : await acts.addContact({ ...values, contact_id: id, area_code: area }, key)))
      .then((done) => done && onDone());
  };
  const edit = (place: number, part: Partial<Contact["addresses"][number]>): void => setAddresses(addresses.map((one, at) => (at === place ? { ...one, ...part } : one)));
  return (
    <FormDialog title={t(contact ? "notices.changeContact" : "notices.addContact")} ok={t("common.save")} act={act} onSubmit={submit} onCancel={onCancel} disabled={!ready}>
      {!contact && (
        <div className="row">
          <Field label={t("notices.id")}><Input required maxLength={64} pattern="[A-Za-z0-9_\-]+" value={id} onChange={(event) => setId(event.target.value)} /></Field>
          <Field label={t("common.area")} hint={t("notices.areaHint")}><Input required inputMode="numeric" maxLength={6} value={area} onChange={(event) => setArea(event.target.value)} /></Field>
        </div>
      )}
      <Field label={t("common.person")}><Input required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} /></Field>
      <Field label={t("notices.role")}><Select aria-label={t("notices.role")} value={role} onChange={setRole} options={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))} /></Field>
      <Field label={t("common.language")}><Select aria-label={t("common.language")} value={language} onChange={setLanguage} options={LANGUAGES.map((value) => ({ value, label: t(`languageName.${value}`) }))} /></Field>
      <fieldset className="field">
        <legend>{t("notices.addresses")}</legend>
        {addresses.map((one, place) => (
          <div key={place} className="address">
            <Input aria-label={t("notices.channel")} placeholder={t("notices.channel")} maxLength={40} value={one.channel} onChange={(event) => edit(place, { channel: event.target.value })} />
            <Input aria-label={t("notices.address")} placeholder={t("notices.address")} maxLength={500} value={one.address} onChange={(event) => edit(place, { address: event.target.value })} />
          </div>
        ))}
        {addresses.length < ADDRESSES_MAX && <div><Button size="small" onClick={() => setAddresses([...addresses, { channel: "", address: "" }])}>{t("notices.addAddress")}</Button></div>}
      </fieldset>
      <Checkbox checked={active} onChange={(event) => setActive(event.target.checked)}>{t("notices.active")}</Checkbox>
    </FormDialog>
  );
}
