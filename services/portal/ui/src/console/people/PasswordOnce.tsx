import { Alert, Button, Modal } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { PersonWithPassword } from "../../api/types";

/** A first password is told once: who closes this has told it to its owner, or makes another. */
export function PasswordOnce({ person, onDone }: { person: PersonWithPassword; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  return (
    <Modal open title={t("people.firstPassword")} closable={false} mask={{ closable: false }} keyboard={false} footer={<Button type="primary" onClick={onDone}>{t("people.told")}</Button>}>
      <div className="stack">
        <Alert type="warning" showIcon title={t("people.once")} />
        <dl className="glossary">
          <dt>{t("gate.username")}</dt><dd><code>{person.username}</code></dd>
          <dt>{t("gate.password")}</dt><dd><code className="password-once">{person.password ?? t("people.notTold")}</code></dd>
        </dl>
      </div>
    </Modal>
  );
}
