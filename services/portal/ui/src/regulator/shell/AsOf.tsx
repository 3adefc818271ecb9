/** On which day (at), and by what was on record when (known_at). */
import { HistoryOutlined } from "@ant-design/icons";
import { Button, DatePicker, Popover } from "antd";
import dayjs from "dayjs";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { dateTime, day } from "../../look/time";
import { isTime, useFilters, useScope } from "../address";
import { beside } from "./beside";

/** The picker shows a wall clock: the one of Asia/Shanghai, wherever the machine stands. */
const OFFSET = "+08:00";
const WALL = "YYYY-MM-DDTHH:mm:ss";

export function AsOf(): ReactNode {
  const { t } = useTranslation();
  const scope = useScope();
  const { change } = useFilters();
  const known = (
    <div className="reg-known">
      <p>{t("reg.knownWhat")}</p>
      <DatePicker
        aria-label={t("reg.knownAt")}
        showTime
        value={isTime(scope.knownAt) ? dayjs(dateTime(scope.knownAt)) : null}
        placeholder={t("reg.now")}
        onChange={(time) => change({ known_at: time ? `${time.format(WALL)}${OFFSET}` : null })}
      />
    </div>
  );
  return (
    <span className="reg-asof">
      <DatePicker
        aria-label={t("reg.at")}
        value={dayjs(scope.at || day(Date.now()))}
        allowClear={false}
        onChange={(chosen) => {
          const picked = chosen?.format("YYYY-MM-DD");
          change({ at: picked === day(Date.now()) ? null : picked });
        }}
      />
      <Popover content={known} trigger="click" placement="bottomRight" title={t("reg.knownAt")} getPopupContainer={beside}>
        <Button icon={<HistoryOutlined aria-hidden />} aria-label={t("reg.knownAt")} title={t("reg.knownAt")} />
      </Popover>
    </span>
  );
}
