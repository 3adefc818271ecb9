/** Draws the phone app's icons: a flame on blue, as SVG and as PNG (`node scripts/icons.mjs`). */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { crc32, deflateSync } from "node:zlib";

const FOLDER = resolve(import.meta.dirname, "../public/field");
const BLUE = [11, 87, 183];
const WHITE = [255, 255, 255];
const SAMPLES = 4;

/** The outline of a flame in a square of 1, by cubic curves: start, then (control, control, end) … */
const OUTER = [[0.52, 0.16], [0.56, 0.32, 0.74, 0.4, 0.74, 0.6], [0.74, 0.74, 0.63, 0.84, 0.5, 0.84], [0.37, 0.84, 0.26, 0.74, 0.26, 0.6], [0.26, 0.5, 0.31, 0.43, 0.37, 0.37], [0.38, 0.43, 0.41, 0.46, 0.45, 0.47], [0.43, 0.36, 0.46, 0.24, 0.52, 0.16]];
const INNER = [[0.51, 0.5], [0.53, 0.58, 0.61, 0.61, 0.61, 0.69], [0.61, 0.75, 0.56, 0.79, 0.5, 0.79], [0.44, 0.79, 0.39, 0.75, 0.39, 0.69], [0.39, 0.63, 0.45, 0.59, 0.51, 0.5]];

function points([start, ...curves]) {
  const found = [start];
  let [x, y] = start;
  for (const [ax, ay, bx, by, cx, cy] of curves) {
    for (let step = 1; step <= 16; step++) {
      const [u, v] = [step / 16, 1 - step / 16];
      const at = (p, a, b, c) => v ** 3 * p + 3 * v * v * u * a + 3 * v * u * u * b + u ** 3 * c;
      found.push([at(x, ax, bx, cx), at(y, ay, by, cy)]);
    }
    [x, y] = [cx, cy];
  }
  return found;
}

function isIn(outline, x, y) {
  let inside = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [outline[i], outline[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

const [outer, inner] = [points(OUTER), points(INNER)];

/** Colour and opacity of a point; the badge is the flame alone, which phones colour themselves. */
function colour(x, y, isBadge) {
  const flame = isIn(outer, x, y) && !isIn(inner, x, y);
  if (isBadge) return [...WHITE, flame ? 255 : 0];
  return [...(flame ? WHITE : BLUE), 255];
}

function png(size, isBadge) {
  const rows = Buffer.alloc(size * (size * 4 + 1));
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const sum = [0, 0, 0, 0];
      for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
        const x = (column + ((sample % SAMPLES) + 0.5) / SAMPLES) / size;
        const y = (row + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES) / size;
        colour(x, y, isBadge).forEach((value, place) => (sum[place] += value));
      }
      sum.forEach((value, place) => (rows[row * (size * 4 + 1) + 1 + column * 4 + place] = value / SAMPLES ** 2));
    }
  }
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}

function path([start, ...curves]) {
  const at = (value) => Math.round(value * 512);
  return `M${start.map(at).join(" ")} ${curves.map((curve) => `C${curve.map(at).join(" ")}`).join(" ")}Z`;
}

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512"><rect width="512" height="512" fill="#0b57b7"/><path fill="#fff" fill-rule="evenodd" d="${path(OUTER)}${path(INNER)}"/></svg>\n`;
writeFileSync(resolve(FOLDER, "icon.svg"), svg);
for (const size of [192, 512]) writeFileSync(resolve(FOLDER, `icon-${size}.png`), png(size, false));
writeFileSync(resolve(FOLDER, "badge-96.png"), png(96, true));
