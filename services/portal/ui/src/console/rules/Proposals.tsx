/** Changes that wait for a second person; one's own proposal is another's to approve. */
import { Button } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RuleProposal } from "../../api/types";
import { dateTime } from "../../look/time";
import * as acts from "../data/acts";
import { useAct } from "../data/useAct";
import { Fault, Nothing } from "../parts/States";
import { useMay, useMe } from "../shell/me";
import { Scope } from "./RulesPage";

const SHOWN = 20;

export function Proposals({ items, onDone }: { items: RuleProposal[]; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const me = useMe();
  const may = useMay()("changeSetPoints");
  const act = useAct();
  const [busy, setBusy] = useState<string | null>(null);
  if (items.length === 0) return <Nothing words={t("rules.noProposals")} />;
  const approve = (id: string): void => {
    setBusy(id);
    void act.run(async () => void (await acts.approve(id))).then((done) => {
      setBusy(null);
      if (done) onDone();
    });
  };
  const waitingFirst = [...items].sort((one, other) => (one.state === other.state ? other.proposed_at.localeCompare(one.proposed_at) : one.state === "proposed" ? -1 : 1));
  return (
    <>
      <Fault words={act.fault} />
      <div className="scroll" tabIndex={0}>
        <table className="plain">
          <thead><tr><th>{t("common.rule")}</th><th>{t("rules.change")}</th><th>{t("rules.scope")}</th><th>{t("rules.from")}</th><th>{t("common.reason")}</th><th>{t("rules.proposedBy")}</th><th>{t("common.state")}</th></tr></thead>
          <tbody>
            {waitingFirst.slice(0, SHOWN).map((one) => (
              <tr key={one.proposal_id}>
                <td>{one.key} {t(`rule.${one.rule}`)}</td>
                <td>{Object.entries(one.changes).map(([name, value]) => <div key={name}>{t(`rules.field.${name}`)}: <strong>{typeof value === "boolean" ? t(value ? "common.yes" : "common.no") : String(value)}</strong></div>)}</td>
                <td><Scope of={one.scope} /></td>
                <td className="figure">{dateTime(one.effective_from)}</td>
                <td><bdi>{one.reason}</bdi></td>
                <td><bdi>{one.proposed_by}</bdi><br /><small className="soft figure">{dateTime(one.proposed_at)}</small></td>
                <td>
                  {one.state === "approved" && one.approved_by ? t("rules.approvedBy", { person: one.approved_by }) : t("rules.waiting")}
                  {one.state === "proposed" && may && (one.proposed_by === me.username ? <div className="soft">{t("rules.notYourOwn")}</div> : (
                    <div><Button size="small" type="primary" loading={busy === one.proposal_id} onClick={() => approve(one.proposal_id)}>{t("rules.approve")}</Button></div>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
