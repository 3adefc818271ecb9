/** The head of a view: its name, what it is in one paragraph, and the words it uses. */
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

const KEPT = "gaswatch.regulator.what";

export function ViewHead({ view, words }: { view: string; words: readonly string[] }): ReactNode {
  const { t } = useTranslation();
  const title = t(`view.${view}.title`);
  useEffect(() => {
    document.title = `${title} · ${t("reg.name")}`;
  }, [title, t]);
  return (
    <header className="reg-head">
      <h1>{title}</h1>
      <What text={t(`view.${view}.what`)} words={words} />
    </header>
  );
}

/** The paragraph stands; the words open, and stay as they were left, in every view. */
function What({ text, words }: { text: string; words: readonly string[] }): ReactNode {
  const { t } = useTranslation();
  const [open, setOpen] = useState(() => localStorage.getItem(KEPT) === "open");
  const keep = (now: boolean): void => {
    setOpen(now);
    localStorage.setItem(KEPT, now ? "open" : "closed");
  };
  return (
    <div className="reg-what">
      <p>{text}</p>
      <details open={open} onToggle={(event) => keep(event.currentTarget.open)}>
        <summary>{t("reg.words")}</summary>
        <dl>
          {words.map((word) => (
            <div key={word}>
              <dt>{t(`word.${word}.name`)}</dt>
              <dd>{t(`word.${word}.means`)}</dd>
            </div>
          ))}
        </dl>
      </details>
    </div>
  );
}
