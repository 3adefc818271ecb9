/** Who did what, when, and what came of it; searched here, exported as a table. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Input, Select } from "antd";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import type { AuditEntry } from "../../api/types";
import { dateTime } from "../../look/time";
import { type AuditQuery, readAudit } from "../data/read";
import { fromField } from "../parts/localTime";
import { Page } from "../parts/Page";
import { Nothing, Shown } from "../parts/States";

const FIELDS = ["text", "actor", "object"] as const;
const TIMES = ["since", "until"] as const;
const KINDS = ["intent", "result", "automatic"] as const;

function queryOf(params: URLSearchParams): AuditQuery {
  const query: AuditQuery = {};
  for (const name of [...FIELDS, "kind"] as const) {
    const value = params.get(name);
    if (value) query[name] = value;
  }
  for (const name of TIMES) {
    const value = params.get(name);
    if (value) query[name] = fromField(value).toISOString();
  }
  return query;
}

export default function AuditPage(): ReactNode {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const query = queryOf(params);
  const asked = useInfiniteQuery({ queryKey: ["audit", query], queryFn: ({ pageParam }) => readAudit(query, pageParam), initialPageParam: "", getNextPageParam: (last) => last.next_cursor });
  const table = `/api/v1/audit?${new URLSearchParams({ ...query, format: "csv" }).toString()}`;
  return (
    <Page screen="audit" actions={<a href={table} download>{t("audit.export")}</a>}>
      <Search key={params.toString()} params={params} search={setParams} />
      <Shown of={asked}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          return items.length === 0 ? <Nothing words={t("audit.none")} /> : <Entries items={items} />;
        }}
      </Shown>
      {asked.hasNextPage && <div><Button loading={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>{t("common.more")}</Button></div>}
    </Page>
  );
}

function Search({ params, search }: { params: URLSearchParams; search: (params: URLSearchParams) => void }): ReactNode {
  const { t } = useTranslation();
  const [kind, setKind] = useState(params.get("kind"));
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const next = new URLSearchParams();
    for (const [name, value] of new FormData(event.currentTarget)) if (typeof value === "string" && value.trim()) next.set(name, value.trim());
    if (kind) next.set("kind", kind);
    search(next);
  };
  return (
    <form className="row" role="search" onSubmit={submit}>
      {FIELDS.map((name) => <Input key={name} name={name} className="audit-field" aria-label={t(`audit.${name}`)} placeholder={t(`audit.${name}`)} maxLength={200} defaultValue={params.get(name) ?? ""} />)}
      <Select allowClear className="audit-field" aria-label={t("audit.kind")} placeholder={t("audit.kind")} value={kind} onChange={(value) => setKind(value ?? null)} options={KINDS.map((value) => ({ value, label: t(`audit.kinds.${value}`) }))} />
      {TIMES.map((name) => <label key={name} className="row audit-time">{t(`audit.${name}`)} <Input type="datetime-local" name={name} defaultValue={params.get(name) ?? ""} /></label>)}
      <Button type="primary" htmlType="submit">{t("common.search")}</Button>
    </form>
  );
}

function Entries({ items }: { items: AuditEntry[] }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="panel scroll" tabIndex={0}>
      <table className="plain">
        <thead><tr><th>#</th><th>{t("common.at")}</th><th>{t("audit.kind")}</th><th>{t("audit.actor")}</th><th>{t("audit.action")}</th><th>{t("audit.object")}</th><th>{t("audit.status")}</th><th>{t("common.reason")}</th><th>{t("audit.address")}</th><th>{t("audit.states")}</th></tr></thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.seq}>
              <td className="figure">{one.seq}{one.about !== null && <small className="soft"> ←{one.about}</small>}</td>
              <td className="figure">{dateTime(one.at)}</td>
              <td>{t(`audit.kinds.${one.kind}`)}</td>
              <td><bdi>{one.actor}</bdi><br /><small className="soft">{t(`role.${one.role}`, { defaultValue: one.role })}</small></td>
              <td><code>{one.action}</code></td>
              <td><bdi>{one.object}</bdi></td>
              <td className={one.status !== null && one.status >= 400 ? "bad figure" : "figure"}>{one.status ?? "–"}</td>
              <td><bdi>{one.reason ?? ""}</bdi></td>
              <td className="figure">{one.address ?? ""}</td>
              <td><Stages entry={one} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Stages({ entry }: { entry: AuditEntry }): ReactNode {
  const { t } = useTranslation();
  const { before, after } = entry;
  if (before === null && after === null) return null;
  return (
    <details>
      <summary>{t("audit.show")}</summary>
      {before !== null && <><strong>{t("audit.before")}</strong><pre>{JSON.stringify(before, null, 1)}</pre></>}
      {after !== null && <><strong>{t("audit.after")}</strong><pre>{JSON.stringify(after, null, 1)}</pre></>}
    </details>
  );
}
