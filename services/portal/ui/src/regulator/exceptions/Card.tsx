/** One kind of exception: how many, of what, and the way to the list of exactly these. */
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { All } from "../data/pages";
import { Freshness, Incomplete, Shown } from "../parts/States";

export interface Part {
  text: string;
  count: number;
  /** What stands for the count, where it alone says too little. */
  shown?: string;
  to: string;
}

interface Found {
  count: number;
  /** What the number is to be seen against, such as 13 of 17. */
  of?: number;
  /** There is nobody whom the law obliges: zero is no good news then. */
  nobody?: boolean;
  to: string;
  parts: readonly Part[];
}

export function Card<T>({ kind, query, find }: { kind: string; query: UseQueryResult<All<T>>; find: (rows: T[]) => Found }): ReactNode {
  const { t } = useTranslation();
  const id = useId();
  return (
    <section className="reg-exception" aria-labelledby={id}>
      <h2 id={id}>{t(`exceptions.${kind}.title`)}</h2>
      <Shown query={query} rows={2}>
        {(all) => (
          <>
            <Figure kind={kind} found={find(all.items)} />
            <Incomplete complete={all.complete} read={all.items.length} />
          </>
        )}
      </Shown>
      {query.data && <Freshness asked={query} />}
    </section>
  );
}

function Figure({ kind, found }: { kind: string; found: Found }): ReactNode {
  const { t } = useTranslation();
  const parts = found.parts.filter((part) => part.count > 0);
  return (
    <>
      <p className={found.count > 0 ? "reg-big reg-some" : "reg-big"}>
        <Link to={found.to}>
          <span aria-hidden="true">{found.count > 0 ? "▲" : "✓"}</span> <strong className="reg-num">{found.count}</strong>{" "}
          <span className="reg-num reg-of">{t(`exceptions.${kind}.unit`, { of: found.of })}</span>
        </Link>
      </p>
      {found.count === 0 && <p>{found.nobody ? t("coverage.empty") : t(`exceptions.${kind}.none`)}</p>}
      {parts.length > 0 && (
        <ul>
          {parts.map((part) => (
            <li key={part.text}>
              <Link to={part.to}>{part.text}</Link> <span className="reg-num">{part.shown ?? part.count}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
