/** What a view shows when it has nothing to show: loading, failed, empty. */
import { Alert, Button, Empty, Spin } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFaultWords } from "../data/useAct";

export function Loading(): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="state" role="status">
      <Spin />
      <span>{t("common.loading")}</span>
    </div>
  );
}

export function Failed({ error, again }: { error: unknown; again: () => void }): ReactNode {
  const { t } = useTranslation();
  const words = useFaultWords();
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={t("common.failed")}
      description={words(error)}
      action={<Button onClick={again}>{t("common.again")}</Button>}
    />
  );
}

export function Nothing({ words }: { words?: string }): ReactNode {
  const { t } = useTranslation();
  return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={words ?? t("common.empty")} />;
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** Show what was asked for as soon as it is there; an old answer stays, with a word on why it is old. */
export function Shown<T>({ of, children }: { of: Asked<T>; children: (data: T) => ReactNode }): ReactNode {
  const failed = of.error ? <Failed error={of.error} again={() => void of.refetch()} /> : null;
  if (of.data === undefined) return failed ?? <Loading />;
  return (
    <>
      {failed}
      {children(of.data)}
    </>
  );
}

/** Why an act was refused; it stays until the next try. */
export function Fault({ words }: { words: string | null }): ReactNode {
  return words === null ? null : <Alert type="error" showIcon role="alert" title={words} />;
}
