/** Tabs in one row that scrolls where it is narrow; the arrows go from one to the next. */
import type { KeyboardEvent, ReactNode } from "react";

interface Props {
  label: string;
  active: string;
  items: readonly { key: string; label: string }[];
  choose: (key: string) => void;
}

export function TabBar({ label, active, items, choose }: Props): ReactNode {
  const walk = (event: KeyboardEvent<HTMLButtonElement>): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = items.findIndex((item) => item.key === active);
    const next = by === undefined ? undefined : items[at + by];
    if (!next) return;
    choose(next.key);
    (event.currentTarget.parentElement?.children[at + (by ?? 0)] as HTMLElement | undefined)?.focus();
  };
  return (
    <div role="tablist" aria-label={label} className="tab-bar">
      {items.map((item) => (
        <button key={item.key} type="button" role="tab" aria-selected={item.key === active} tabIndex={item.key === active ? 0 : -1} onClick={() => choose(item.key)} onKeyDown={walk}>
          {item.label}
        </button>
      ))}
    </div>
  );
}
