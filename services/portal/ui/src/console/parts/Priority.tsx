/** A priority is a shape, a word and a colour: none of them alone. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

export const SHAPES: Readonly<Record<string, string>> = { P1: "◆", P2: "▲", P3: "■", P4: "●" };

export function Priority({ of, flashing = false }: { of: string; flashing?: boolean }): ReactNode {
  const { t } = useTranslation();
  return (
    <span className={`priority ${of.toLowerCase()}${flashing ? " flashing" : ""}`}>
      <span aria-hidden="true">{SHAPES[of] ?? ""}</span>
      {t(`priority.${of}`)}
    </span>
  );
}
