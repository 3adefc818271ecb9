/** Words to search for. The address follows what is typed after a pause, not with every letter: pinyin is many letters. */
import { Input, type InputRef } from "antd";
import { type ReactNode, type Ref, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

const TYPING_MS = 250;

interface Props {
  value: string;
  change: (value: string) => void;
  hint: string;
  className?: string;
  ref?: Ref<InputRef>;
}

export function SearchBox({ value, change, hint, className = "filter wide", ref }: Props): ReactNode {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(value);
  const present = useRef(change);
  present.current = change;
  // The own words come back late: they must not take away what was typed since.
  const told = useRef(value);
  const tell = (words: string): void => {
    told.current = words;
    present.current(words);
  };
  useEffect(() => {
    if (value === told.current) return;
    told.current = value;
    setTyped(value);
  }, [value]);
  useEffect(() => {
    if (typed === told.current) return undefined;
    const timer = setTimeout(() => tell(typed), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <Input ref={ref} allowClear className={className} aria-label={t("common.search")} placeholder={hint} value={typed}
      onChange={(event) => setTyped(event.target.value)} onPressEnter={() => tell(typed)} />
  );
}
