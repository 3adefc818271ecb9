/** The bar above a list: search, filters, export of what is filtered. */
import { DownloadOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Scope, given, scopeQuery, useFilters } from "../address";

export function Bar({ children }: { children: ReactNode }): ReactNode {
  const { t } = useTranslation();
  return <div className="reg-bar" role="search" aria-label={t("common.filter")}>{children}</div>;
}

/** By id, name or pinyin initials; asked for when Enter is pressed or the field is left. */
export function Search(): ReactNode {
  const { t } = useTranslation();
  const { filter, change } = useFilters();
  const asked = filter("q");
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  const ask = (value: string): void => {
    if (value.trim() !== asked) change({ q: value.trim() });
  };
  return (
    <Input.Search
      className="reg-search"
      aria-label={t("reg.search")}
      placeholder={t("reg.search")}
      maxLength={100}
      allowClear
      value={text}
      onChange={(event) => setText(event.target.value)}
      onSearch={ask}
      onBlur={() => ask(text)}
    />
  );
}

/** One filter of a fixed set of values; the address holds the value as the API knows it. */
export function Choice({ name, label, values, word, all }: {
  name: string;
  label: string;
  values: readonly string[];
  word: (value: string) => string;
  /** What none of them is called; "all" unless said. */
  all?: string;
}): ReactNode {
  const { t } = useTranslation();
  const { filter, change } = useFilters();
  const value = filter(name);
  return (
    <label className="reg-choice">
      <span>{label}</span>
      <Select
        aria-label={label}
        popupMatchSelectWidth={false}
        value={values.includes(value) ? value : ""}
        onChange={(chosen: string) => change({ [name]: chosen })}
        options={[{ value: "", label: all ?? t("common.all") }, ...values.map((one) => ({ value: one, label: word(one) }))]}
      />
    </label>
  );
}

/** Filters that came by a link and have no field of their own: named, and taken off one by one. */
export function Also({ name, text }: { name: string; text: string }): ReactNode {
  const { t } = useTranslation();
  const { change } = useFilters();
  return (
    <Button className="reg-also" onClick={() => change({ [name]: null })} aria-label={`${t("common.clear")}: ${text}`}>
      {text} ×
    </Button>
  );
}

/** The filtered set as a file: the same address as the list's, with a format. */
export function Export({ resource, scope, filters }: {
  resource: string;
  scope: Scope;
  filters: Readonly<Record<string, string | undefined>>;
}): ReactNode {
  const { t, i18n } = useTranslation();
  const address = (format: "csv" | "xlsx"): string => {
    const asked = { ...scopeQuery(scope), ...given(filters), format, lang: i18n.language };
    const query = new URLSearchParams(asked as Record<string, string>);
    return `/api/v1/${resource}?${query.toString()}`;
  };
  return (
    <span className="reg-export" role="group" aria-label={t("reg.exportWhat")}>
      {(["csv", "xlsx"] as const).map((format) => (
        <Button key={format} href={address(format)} download icon={<DownloadOutlined aria-hidden />} title={t("reg.exportWhat")}>
          {format.toUpperCase()}
        </Button>
      ))}
    </span>
  );
}
