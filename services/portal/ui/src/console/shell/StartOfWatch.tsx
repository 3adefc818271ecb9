/** 开始值班: a browser may not sound before somebody clicks, so the watch begins with a click and a test. */
import { Alert, Button, Modal } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Cell, useCell } from "../live/cell";
import { useLive } from "../live/LiveProvider";
import { Priority } from "../parts/Priority";

/** The banner opens the same test as the button. */
export const soundTest = new Cell(false);
const TESTED = ["P1", "P2", "P3"] as const;

export function StartOfWatch(): ReactNode {
  const { t } = useTranslation();
  const { ringer } = useLive();
  const unlocked = useCell(ringer.unlocked);
  const ringing = useCell(ringer.ringing);
  const testing = useCell(soundTest);
  return (
    <>
      {ringing && unlocked && (
        <Button size="small" danger onClick={() => ringer.hush()}>{t("shell.hush")}</Button>
      )}
      <Button size="small" type={unlocked ? "default" : "primary"} onClick={() => soundTest.set(true)}>
        {unlocked ? `♪ ${t("shell.soundOn")}` : t("shell.startWatch")}
      </Button>
      {testing && <SoundTest />}
    </>
  );
}

function SoundTest(): ReactNode {
  const { t } = useTranslation();
  const { ringer } = useLive();
  const unlocked = useCell(ringer.unlocked);
  const [dumb, setDumb] = useState(false);
  const sound = (priority: (typeof TESTED)[number]): void => {
    ringer.unlock().then(
      () => {
        setDumb(false);
        ringer.test(priority);
      },
      () => setDumb(true),
    );
  };
  const done = (): void => soundTest.set(false);
  return (
    <Modal open title={t("shell.startWatch")} onCancel={done} onOk={done} okText={t("shell.heard")} okButtonProps={{ disabled: !unlocked }}
      cancelText={t("common.close")}>
      <p>{t("shell.testWhy")}</p>
      <div className="sound-tests">
        {TESTED.map((priority) => (
          <Button key={priority} size="large" onClick={() => sound(priority)}>
            ♪ <Priority of={priority} />
          </Button>
        ))}
      </div>
      {dumb && <Alert type="error" showIcon role="alert" title={t("shell.noSound")} />}
      <p>{t("shell.hushIsNot")}</p>
    </Modal>
  );
}
