import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

interface Props {
  title: string;
  heads: readonly string[];
  rows: readonly (readonly ReactNode[])[];
}

/** A plain table under its title, or a word that there is nothing. */
export function Lines({ title, heads, rows }: Props): ReactNode {
  const { t } = useTranslation();
  return (
    <section className="panel scroll" tabIndex={0}>
      <h2>{title}</h2>
      {rows.length === 0 ? (
        <p className="soft">{t("figures.none")}</p>
      ) : (
        <table className="plain">
          <thead><tr>{heads.map((head) => <th key={head}>{head}</th>)}</tr></thead>
          <tbody>{rows.map((row, place) => <tr key={place}>{row.map((cell, column) => <td key={column}>{cell}</td>)}</tr>)}</tbody>
        </table>
      )}
    </section>
  );
}
