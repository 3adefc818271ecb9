import { Modal } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

const KEYS = [
  ["J", "down"], ["K", "up"], ["Enter", "open"], ["X", "pick"], ["Shift J / K", "range"], ["A", "acknowledge"], ["S", "shelve"], ["D", "dispatch"], ["M", "silence"],
  ["/", "search"], ["N", "refresh"], ["Esc", "back"], ["?", "help"],
] as const;

export function KeysHelp({ open, onClose }: { open: boolean; onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  return (
    <Modal open={open} onCancel={onClose} footer={null} title={t("alerts.keys")}>
      <table className="plain">
        <tbody>
          {KEYS.map(([key, word]) => (
            <tr key={key}>
              <td><kbd>{key}</kbd></td>
              <td>{t(`key.${word}`)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Modal>
  );
}
