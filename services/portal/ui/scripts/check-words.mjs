/**
 * Finds words that are not where words belong: text on a screen that stands in the code, keys that one language
 * lacks, keys that nobody uses, keys that nobody wrote. `npm run words`; 1 and a line each when there are any.
 */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";

const HERE = join(dirname(fileURLToPath(import.meta.url)), "..");
const APPS = ["console", "regulator", "field"];
// Attributes that people see or hear.
const SPOKEN = new Set(["title", "alt", "label", "placeholder", "aria-label", "aria-description", "description", "message", "okText", "cancelText"]);
// Signs that are the same in every language.
const SIGNS = /^[\s\d\p{P}\p{S}]*$/u;
const UNITS = /^(%LEL|ppm|kPa|°C|V|s|m|min|h|km|MiB|WGS-84|GCJ-02|Gaswatch|中文|English|XLSX|CSV|QR)$/;
const HAN = /\p{Script=Han}/u;

function* files(folder, ends) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path, ends);
    else if (ends.some((end) => name.endsWith(end)) && !name.endsWith(".d.ts") && !name.includes(".test.")) yield path;
  }
}

/** The keys of a catalogue, dotted; of plural forms (`_one`, `_other`) only what comes before. */
export function keysOf(catalogue, before = "") {
  return Object.entries(catalogue).flatMap(([name, value]) =>
    typeof value === "string" ? [before + name.replace(/_(zero|one|two|few|many|other)$/, "")] : keysOf(value, `${before}${name}.`),
  );
}

// Chinese takes full-width signs; half-width ones belong between Latin letters and figures.
const NARROW = /\p{Script=Han}\s*[,;:?!(]|[,;:?!)]\s*\p{Script=Han}/u;

/** The texts of a catalogue whose signs are too narrow for the Chinese beside them. */
export function narrow(catalogue) {
  return Object.values(catalogue).flatMap((value) =>
    typeof value !== "string" ? narrow(value) : NARROW.test(value) ? [value] : [],
  );
}

/** What is wrong in one source: text on the screen, and which keys it asks for (exactly, or by their beginning). */
export function look(path, text) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const faults = [];
  const exact = new Set();
  const begins = new Set();
  const complain = (node, words) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    faults.push(`${path}:${line + 1}: "${words.trim()}" belongs into a catalogue`);
  };
  const plain = (words) => !SIGNS.test(words) && !UNITS.test(words.trim());
  const visit = (node) => {
    if (ts.isJsxText(node) && plain(node.text)) complain(node, node.text);
    else if (ts.isJsxAttribute(node) && SPOKEN.has(node.name.getText()) && node.initializer) {
      const value = ts.isJsxExpression(node.initializer) ? node.initializer.expression : node.initializer;
      if (value && ts.isStringLiteralLike(value) && plain(value.text)) complain(node, value.text);
    } else if ((ts.isStringLiteralLike(node) && !ts.isLiteralTypeNode(node.parent)) || ts.isTemplateHead(node)) {
      if (HAN.test(node.text) && plain(node.text)) complain(node, node.text);
      else if (/^[a-z][A-Za-z0-9]*(\.[A-Za-z0-9_-]+)+$/.test(node.text)) exact.add(node.text);
      else if (/^[a-z][A-Za-z0-9]*(\.[A-Za-z0-9_-]+)*\.$/.test(node.text) || (ts.isTemplateHead(node) && /^[a-z][A-Za-z0-9.]*$/.test(node.text))) begins.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { faults, exact, begins };
}

/** All faults of one app: its own sources and those that all share, against `common` and its own catalogue. */
export function check(app, sources, catalogues) {
  const [first, second] = catalogues;
  const faults = [];
  const keys = new Set(keysOf(first));
  const others = new Set(keysOf(second));
  for (const key of keys) if (!others.has(key)) faults.push(`${app}: en lacks ${key}`);
  for (const key of others) if (!keys.has(key)) faults.push(`${app}: zh-CN lacks ${key}`);
  const groups = new Set([...keys].map((key) => key.split(".")[0]));
  const asked = new Set();
  const begun = [];
  for (const [path, text] of sources) {
    const found = look(path, text);
    faults.push(...found.faults);
    for (const key of found.exact) {
      asked.add(key);
      const group = key.split(".")[0];
      const known = keys.has(key) || [...keys].some((one) => one.startsWith(`${key}.`));
      if (groups.has(group) && !known) faults.push(`${path}: no catalogue has ${key}`);
    }
    begun.push(...found.begins);
  }
  const used = (key) => asked.has(key) || begun.some((start) => key.startsWith(start)) || [...asked].some((one) => key.startsWith(`${one}.`));
  return { faults, unused: [...keys].filter((key) => !used(key)) };
}

function main() {
  const src = join(HERE, "src");
  const read = (language, name) => JSON.parse(readFileSync(join(src, "words", language, `${name}.json`), "utf8"));
  const shared = [...files(src, [".ts", ".tsx"])].filter((path) => !APPS.some((app) => path.startsWith(join(src, app))));
  const all = [];
  for (const app of APPS) {
    const own = [...files(join(src, app), [".ts", ".tsx"])];
    const sources = [...shared, ...own].map((path) => [relative(HERE, path), readFileSync(path, "utf8")]);
    const catalogues = ["zh-CN", "en"].map((language) => ({ ...read(language, "common"), ...read(language, app) }));
    const found = check(app, sources, catalogues);
    all.push(...found.faults);
    const own_keys = new Set(keysOf(read("zh-CN", app)));
    all.push(...found.unused.filter((key) => own_keys.has(key)).map((key) => `${app}: nobody uses ${key}`));
  }
  for (const name of ["common", ...APPS]) all.push(...narrow(read("zh-CN", name)).map((text) => `${name}: "${text}" wants full-width signs`));
  for (const fault of new Set(all)) console.error(fault);
  return all.length ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exit(main());
