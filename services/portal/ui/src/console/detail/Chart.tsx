/** Curves over time with their limits, drawn by uPlot; what is drawn is also said in words. */
import { type ReactNode, useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clock } from "../../look/time";
import { useSize } from "../parts/useSize";
import { useTheme } from "../shell/theme";
import type { Point } from "./quantities";

export interface Curve {
  name: string;
  points: Point[];
}
export interface Limit {
  name: string;
  value: number;
}
interface Props {
  curves: Curve[];
  limits: Limit[];
  unit: string;
  beganMs: number;
  window: [number, number];
  label: string;
  /** The word for the time, in the legend. */
  at: string;
}

const HEIGHT_PX = 240;
const STROKES = { light: ["#0b57b7", "#17692b", "#7a3ea1", "#8a5a00"], dark: ["#8ab8ff", "#7ed491", "#d3a4f0", "#e6c07b"] } as const;
const DASHES = [[], [6, 4], [2, 3], [10, 4, 2, 4]];

/** One row of times for all curves; where a curve has nothing at a time, its line goes on. */
function together(curves: readonly Curve[]): uPlot.AlignedData {
  const times = [...new Set(curves.flatMap((curve) => curve.points.map((point) => point.at)))].sort((one, other) => one - other);
  const place = new Map(times.map((time, number) => [time, number]));
  const columns = curves.map((curve) => {
    const column: (number | null | undefined)[] = new Array<undefined>(times.length).fill(undefined);
    for (const point of curve.points) column[place.get(point.at) ?? 0] = point.max;
    return column;
  });
  return [times.map((time) => time / 1000), ...columns];
}

function drawLimits(limits: readonly Limit[], unit: string, beganMs: number, colour: { limit: string; began: string }): (plot: uPlot) => void {
  return (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.font = `${11 * devicePixelRatio}px sans-serif`;
    ctx.lineWidth = devicePixelRatio;
    ctx.textAlign = "left";
    ctx.textBaseline = "bottom";
    for (const { name, value } of limits) {
      const y = Math.round(plot.valToPos(value, "y", true));
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      ctx.strokeStyle = ctx.fillStyle = colour.limit;
      ctx.setLineDash([8 * devicePixelRatio, 4 * devicePixelRatio]);
      line(ctx, bbox.left, y, bbox.left + bbox.width, y);
      ctx.fillText(`${name} ${value} ${unit}`, bbox.left + 6 * devicePixelRatio, y - 4 * devicePixelRatio);
    }
    const x = Math.round(plot.valToPos(beganMs / 1000, "x", true));
    if (x >= bbox.left && x <= bbox.left + bbox.width) {
      ctx.strokeStyle = colour.began;
      ctx.setLineDash([]);
      line(ctx, x, bbox.top, x, bbox.top + bbox.height);
    }
    ctx.restore();
  };
}

function line(ctx: CanvasRenderingContext2D, fromX: number, fromY: number, toX: number, toY: number): void {
  ctx.beginPath();
  ctx.moveTo(fromX, fromY);
  ctx.lineTo(toX, toY);
  ctx.stroke();
}

function optionsOf({ curves, limits, unit, beganMs, window: [from, to], at }: Props, width: number, dark: boolean): uPlot.Options {
  const text = dark ? "#a9b1bb" : "#565e69";
  const grid = { stroke: dark ? "#30363d" : "#e3e6eb", width: 1 };
  const tops = [...curves.flatMap((curve) => curve.points.map((point) => point.max)), ...limits.map((limit) => limit.value)];
  const top = Math.max(1, ...tops) * 1.1;
  const bottom = Math.min(0, ...tops);
  const strokes = STROKES[dark ? "dark" : "light"];
  return {
    width,
    height: HEIGHT_PX,
    legend: { live: true },
    scales: { x: { time: true, range: [from / 1000, to / 1000] }, y: { range: [bottom, top] } },
    axes: [
      { stroke: text, grid, ticks: grid, values: (_, ticks) => ticks.map((tick) => clock(tick * 1000).slice(0, 5)) },
      { stroke: text, grid, ticks: grid, label: unit, size: 56 },
    ],
    series: [
      { label: at, value: (_, time) => (time === null ? "–" : clock(time * 1000)) },
      ...curves.map((curve, place) => ({ label: curve.name, stroke: strokes[place % strokes.length] ?? text, dash: DASHES[place % DASHES.length] ?? [], width: 2, points: { show: false },
        value: (_: uPlot, value: number | null) => (value === null ? "–" : `${Math.round(value * 10) / 10} ${unit}`) })),
    ],
    hooks: { draw: [drawLimits(limits, unit, beganMs, { limit: dark ? "#ff8f8f" : "#b80c26", began: text })] },
  };
}

export function Chart(props: Props): ReactNode {
  const [place, size] = useSize<HTMLDivElement>();
  const plot = useRef<uPlot | null>(null);
  const [theme] = useTheme();
  const shape = JSON.stringify([props.curves.map((curve) => [curve.name, curve.points.length, curve.points.at(-1)?.at]), props.limits, props.window[0], theme, size.width]);
  useEffect(() => {
    if (!place.current || size.width === 0) return undefined;
    plot.current = new uPlot(optionsOf(props, size.width, theme === "dark"), together(props.curves), place.current);
    return () => plot.current?.destroy();
    // `shape` says when what is drawn is another; the curves themselves are new with every answer.
  }, [shape]);
  return <div ref={place} className="chart" role="img" aria-label={props.label} />;
}
