/** Passing on the watch: a note with what is open, written by who leaves and accepted by who comes. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Handover } from "../../api/types";
import { dateTime } from "../../look/time";
import { PRIORITIES } from "../alerts/filters";
import { useCounts } from "../alerts/useRows";
import * as acts from "../data/acts";
import { readHandovers } from "../data/read";
import { useSiteName } from "../data/register";
import { useAct } from "../data/useAct";
import { Page } from "../parts/Page";
import { Priority } from "../parts/Priority";
import { Fault, Nothing, Shown } from "../parts/States";
import { useMay, useMe } from "../shell/me";

/** A note that is being written must survive a reload, and is nobody else's. */
const DRAFT = "gaswatch.handover";
const TEXT_MAX = 4_000;

export default function HandoverPage(): ReactNode {
  const { t } = useTranslation();
  const may = useMay()("handOver");
  const queries = useQueryClient();
  const asked = useInfiniteQuery({
    queryKey: ["handovers"],
    queryFn: ({ pageParam }) => readHandovers(pageParam),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: 30_000,
  });
  const again = (): void => void queries.invalidateQueries({ queryKey: ["handovers"] });
  return (
    <Page screen="handover">
      {may && <Write onDone={again} />}
      <Shown of={asked}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          return items.length === 0 ? <Nothing words={t("handover.none")} /> : items.map((one) => <Note key={one.handover_id} note={one} may={may} onDone={again} />);
        }}
      </Shown>
      {asked.hasNextPage && <div><Button loading={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>{t("common.more")}</Button></div>}
    </Page>
  );
}

function Write({ onDone }: { onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const counts = useCounts();
  const draft = `${DRAFT}.${useMe().username}`;
  const [text, setText] = useState(sessionStorage.getItem(draft) ?? "");
  const [id, setId] = useState(() => crypto.randomUUID());
  const type = (value: string): void => {
    sessionStorage.setItem(draft, value);
    setText(value);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void act.run(async (key) => void (await acts.handOver(id, text.trim(), key))).then((done) => {
      if (!done) return;
      type("");
      setId(crypto.randomUUID());
      onDone();
    });
  };
  return (
    <form className="panel stack" onSubmit={submit}>
      <h2>{t("handover.write")}</h2>
      <p className="row">
        {t("handover.open", { open: counts.open, shelved: counts.shelved })}
        {PRIORITIES.map((priority) => (counts.by[priority] ?? 0) > 0 && <span key={priority} className="row"><Priority of={priority} /> {counts.by[priority]}</span>)}
      </p>
      <Input.TextArea rows={5} required maxLength={TEXT_MAX} aria-label={t("handover.text")} placeholder={t("handover.hint")} value={text} onChange={(event) => type(event.target.value)} />
      <Fault words={act.fault} />
      <div><Button type="primary" htmlType="submit" loading={act.busy} disabled={!text.trim()}>{t("handover.send")}</Button></div>
    </form>
  );
}

const SHOWN = 10;

function Note({ note, may, onDone }: { note: Handover; may: boolean; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const me = useMe();
  const act = useAct();
  const name = useSiteName();
  const take = (): void => {
    void act.run(async () => acts.takeOver(note.handover_id)).then((done) => done && onDone());
  };
  return (
    <article className="panel">
      <p className="row"><strong><bdi>{note.created_by}</bdi></strong> <time className="figure soft">{dateTime(note.created_at)}</time>
        {note.accepted_at && note.accepted_by ? <span className="good">✓ {t("handover.accepted", { person: note.accepted_by, at: dateTime(note.accepted_at) })}</span> : <span>○ {t("handover.waiting")}</span>}
        {may && !note.accepted_at && note.created_by !== me.username && <Button size="small" type="primary" loading={act.busy} onClick={take}>{t("handover.accept")}</Button>}
      </p>
      <p className="handover-text"><bdi>{note.text}</bdi></p>
      <Fault words={act.fault} />
      {note.open_alerts.length > 0 && (
        <details>
          <summary>{t("handover.alerts", { count: note.open_alerts.length })}</summary>
          <ul className="plain-list">
            {note.open_alerts.slice(0, SHOWN).map((one) => (
              <li key={one.alert_id} className="row"><Priority of={one.priority} /> <Link to={`?alert=${one.alert_id}`}>{t(`rule.${one.rule}`)}</Link> <bdi>{name(one.site_id)}</bdi> <span className="soft">{one.zone}</span></li>
            ))}
          </ul>
          {note.open_alerts.length > SHOWN && <p className="soft">{t("map.andMore", { count: note.open_alerts.length - SHOWN })}</p>}
        </details>
      )}
    </article>
  );
}
