/** Where an order is, and links to the phone's maps that name their coordinate system. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { toGcj02 } from "../../look/gcj02";
import { Nothing } from "../look";
import { useSite } from "./data";

const DIGITS = 6;

export function Where({ siteId }: { siteId: string }): ReactNode {
  const { t } = useTranslation();
  const seen = useSite(siteId);
  const site = seen.value;
  if (!site) return <div className="panel"><Nothing seen={seen} reload={seen.reload} /></div>;
  const wgs = { longitude: site.longitude, latitude: site.latitude };
  const gcj = toGcj02(wgs);
  const text = (place: { longitude: number; latitude: number }): string => `${place.latitude.toFixed(DIGITS)},${place.longitude.toFixed(DIGITS)}`;
  const amap = new URLSearchParams({
    position: `${gcj.longitude.toFixed(DIGITS)},${gcj.latitude.toFixed(DIGITS)}`,
    name: site.name,
    coordinate: "gaode",
    callnative: "1",
  });
  return (
    <div className="panel">
      <h2>{site.name}</h2>
      <p>{t(`siteKind.${site.kind}`)}{site.gas ? ` · ${t(`gas.${site.gas}`)}` : ""}</p>
      {site.address && <p>{site.address}</p>}
      {site.contacts.map((contact) => (
        <p key={`${contact.name}${contact.phone}`}>
          <a className="button wide" href={`tel:${contact.phone}`}>{t("field.call", { name: contact.name, phone: contact.phone })}</a>
        </p>
      ))}
      <div className="two">
        <a className="button" href={`https://uri.amap.com/marker?${amap.toString()}`} target="_blank" rel="noreferrer">
          {t("field.amap")}<small>GCJ-02</small>
        </a>
        <a className="button" href={`geo:${text(wgs)}?q=${text(wgs)}(${encodeURIComponent(site.name)})`}>
          {t("field.otherMap")}<small>WGS-84</small>
        </a>
      </div>
      <p className="hint mono">WGS-84 {text(wgs)}<br />GCJ-02 {text(gcj)}</p>
    </div>
  );
}
