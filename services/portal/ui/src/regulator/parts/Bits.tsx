/** Small things that several views show alike. */
import { Tag } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useTo } from "../address";
import { useAreaName } from "../areas";

/** `45 / 60`, and the same in percent: the share alone hides how few they are. */
export function Rate({ covered, of, none }: { covered: number; of: number; none: string }): ReactNode {
  if (of === 0) return <span className="reg-quiet">{none}</span>;
  return (
    <span className="reg-num">
      {covered} / {of} <strong>{percent(covered, of)}</strong>
    </span>
  );
}

/** Rounded down: 100% is said when all are covered, never at 99.96%. */
export function percent(covered: number, of: number): string {
  return `${(Math.floor((covered / of) * 1000) / 10).toFixed(1)}%`;
}

/** Areas by name, with the codes for who wants to be sure. */
export function Areas({ codes }: { codes: readonly string[] }): ReactNode {
  const { t } = useTranslation();
  const name = useAreaName();
  return <span className="reg-areas" title={codes.join(" ")}>{codes.map(name).join(t("reg.enumerated"))}</span>;
}

/** The name of something, leading to it; long names break, nothing is cut off. */
export function NameLink({ to, children }: { to: string; children: ReactNode }): ReactNode {
  return <Link className="reg-name" to={to}>{children}</Link>;
}

export function OperatorLink({ id, name }: { id: string; name: string }): ReactNode {
  const to = useTo();
  return <NameLink to={to(`/operators/${encodeURIComponent(id)}`)}>{name}</NameLink>;
}

export function SiteLink({ id, name }: { id: string; name?: string | undefined }): ReactNode {
  const to = useTo();
  return <NameLink to={to(`/sites/${encodeURIComponent(id)}`)}>{name ?? id}</NameLink>;
}

/** Good, bad, unclear or plain: a sign and a word, and the colour only beside them. */
export type Tone = "good" | "bad" | "unclear" | "plain";
const SIGNS: Record<Tone, string> = { good: "✓", bad: "▲", unclear: "●", plain: "" };

export function Mark({ tone, children }: { tone: Tone; children: ReactNode }): ReactNode {
  return (
    <Tag className={`reg-mark reg-mark-${tone}`}>
      {SIGNS[tone] && <span aria-hidden="true">{SIGNS[tone]} </span>}
      {children}
    </Tag>
  );
}

/** Facts as pairs; what is not on record is said, not left empty. */
export function Facts({ rows }: { rows: readonly (readonly [string, ReactNode])[] }): ReactNode {
  const { t } = useTranslation();
  return (
    <dl className="reg-facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value === null || value === undefined || value === "" ? <span className="reg-quiet">{t("reg.notOnRecord")}</span> : value}</dd>
        </div>
      ))}
    </dl>
  );
}
