/** Rows do not move under the cursor: what came meanwhile waits behind this bar, which says how bad it is.
 * Its place is kept free, for a bar that pushed the rows down would move them, too. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSiteName } from "../data/register";
import type { Row } from "../live/rows";
import { Priority } from "../parts/Priority";

const KEY = "N";

export function NewBar({ waiting, refresh }: { waiting: readonly Row[]; refresh: () => void }): ReactNode {
  const { t } = useTranslation();
  const name = useSiteName();
  const [worst] = waiting;
  return (
    <div role="status" className="new-bar-place">
      {worst && (
        <button type="button" className={`new-bar ${worst.alert.priority.toLowerCase()}`} onClick={refresh}>
          <strong>{t("alerts.newOnes", { count: waiting.length })}</strong>
          <Priority of={worst.alert.priority} flashing={!worst.alert.acknowledged} />
          <span className="cut">{t(`rule.${worst.alert.rule}`)} · <bdi>{name(worst.alert.site_id)}</bdi></span>
          <kbd>{KEY}</kbd>
        </button>
      )}
    </div>
  );
}
