import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Ground } from "./ground";

/** In which coordinate system a map is drawn, and the review number of its borders. */
export function Caption({ ground }: { ground: Ground }): ReactNode {
  const { t } = useTranslation();
  const review = ground.borders?.properties?.review;
  return (
    <p className="map-caption soft">
      {t(ground.tiles?.gcj02 ? "map.gcj02" : "map.wgs84")}
      {review && <> · {t("map.review", { review })}</>}
      {!ground.borders && <> · {t("map.noBorders")}</>}
    </p>
  );
}
