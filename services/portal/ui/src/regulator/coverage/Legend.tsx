/** What the map's colours stand for, in figures. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useTheme } from "../shell/theme";
import { plain, steps } from "./colours";

export function Legend({ target }: { target: number }): ReactNode {
  const { t } = useTranslation();
  const { dark } = useTheme();
  const { reached, nobody } = plain(dark);
  const rows = [
    { colour: reached, text: t("map.reached", { target }) },
    ...steps(target, dark).map(({ colour, from, to }) => ({ colour, text: t("map.step", { from, to }) })),
    { colour: nobody, text: t("reg.nobody") },
  ];
  return (
    <ul className="reg-legend" aria-label={t("map.legend")}>
      {rows.map(({ colour, text }) => (
        <li key={text}>
          <span className="reg-swatch" style={{ background: colour }} aria-hidden="true" />
          {text}
        </li>
      ))}
    </ul>
  );
}
