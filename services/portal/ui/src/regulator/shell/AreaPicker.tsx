/** The area that everything is filtered by: the person's own, or one below it. */
import { Cascader } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFilters } from "../address";
import { below, pathTo, rootOf, useAreaName } from "../areas";
import { useArea, useMe } from "./me";

interface Option {
  value: string;
  label: string;
  children?: Option[];
}

export function AreaPicker(): ReactNode {
  const { t } = useTranslation();
  const me = useMe();
  const name = useAreaName();
  const { change } = useFilters();
  const area = useArea();
  const root = rootOf(me.area_code);
  const option = (code: string): Option => {
    const inside = below(code).map(option);
    return { value: code, label: name(code), ...(inside.length > 0 ? { children: inside } : {}) };
  };
  // A county has nothing to choose below it.
  if (below(root).length === 0) return <span className="reg-own-area">{name(root)}</span>;
  return (
    <Cascader<Option>
      className="reg-area"
      aria-label={t("common.area")}
      options={[option(root)]}
      value={pathTo(root, area)}
      changeOnSelect
      allowClear={false}
      expandTrigger="hover"
      displayRender={(labels) => labels.join(" / ")}
      onChange={(path) => {
        const chosen = path.at(-1);
        change({ area: chosen === root ? null : chosen });
      }}
    />
  );
}
