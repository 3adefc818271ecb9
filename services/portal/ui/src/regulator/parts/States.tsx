/** What a view shows while it waits, when it failed, when there is nothing, and when what it shows is old. */
import type { UseQueryResult } from "@tanstack/react-query";
import { Alert, Button, Skeleton } from "antd";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../../api/client";
import { age, clock } from "../../look/time";
import { faultWords } from "../../words/faults";

export function Waiting({ rows = 4 }: { rows?: number }): ReactNode {
  const { t } = useTranslation();
  return (
    <div role="status" aria-busy="true" className="reg-waiting">
      <span className="reg-hidden">{t("common.loading")}</span>
      <Skeleton active title={false} paragraph={{ rows }} />
    </div>
  );
}

/** Why something failed, in words of the catalogue; the field that was refused stands beside it. */
export function useFault(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    if (!(error instanceof Problem)) return t("problem.away");
    const said = t([`problem.${error.type}`, "problem.unknown"]);
    const fields = error.errors.map(faultWords).join("; ");
    return fields ? `${said} (${fields})` : said;
  };
}

export function Failed({ error, again }: { error: unknown; again: () => void }): ReactNode {
  const { t } = useTranslation();
  const fault = useFault();
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={t("common.failed")}
      description={fault(error)}
      action={<Button onClick={again}>{t("common.again")}</Button>}
    />
  );
}

export function Nothing({ text }: { text: string }): ReactNode {
  return <p className="reg-nothing">{text}</p>;
}

interface Asked {
  dataUpdatedAt: number;
  isFetching: boolean;
  isRefetchError: boolean;
  refetch: () => unknown;
}

/** When what is shown was read; a failed renewal leaves it standing and says how old it is. */
export function Freshness({ asked }: { asked: Asked }): ReactNode {
  const { t } = useTranslation();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!asked.isRefetchError) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [asked.isRefetchError]);
  if (!asked.dataUpdatedAt) return null;
  return (
    <span className={asked.isRefetchError ? "reg-fresh reg-stale" : "reg-fresh"} role={asked.isRefetchError ? "alert" : undefined}>
      {asked.isRefetchError ? `⚠ ${t("common.stale", { age: age(asked.dataUpdatedAt, now) })}` : t("reg.readAt", { time: clock(asked.dataUpdatedAt) })}
      <Button type="link" size="small" loading={asked.isFetching} onClick={() => void asked.refetch()}>
        {t("reg.refresh")}
      </Button>
    </span>
  );
}

/** The data of a question, or where it stands. */
export function Shown<T>({ query, children, rows }: { query: UseQueryResult<T>; children: (data: T) => ReactNode; rows?: number }): ReactNode {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <Failed error={query.error} again={() => void query.refetch()} />;
  return <Waiting {...(rows ? { rows } : {})} />;
}

/** Said where a count was broken off. */
export function Incomplete({ complete, read }: { complete: boolean; read: number }): ReactNode {
  const { t } = useTranslation();
  return complete ? null : <Alert type="warning" showIcon title={t("reg.incomplete", { read })} />;
}
