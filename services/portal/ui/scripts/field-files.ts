/** Which files of a build the crew's app needs, so that its worker keeps these and no others. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Chunk {
  file: string;
  imports?: string[];
  dynamicImports?: string[];
  css?: string[];
}

/** Return the files that the field app loads at first or later, both languages included, from Vite's manifest. */
export function fieldFiles(outDir: string): Set<string> {
  const chunks = JSON.parse(readFileSync(join(outDir, ".vite/manifest.json"), "utf8")) as Record<string, Chunk>;
  const files = new Set<string>();
  const seen = new Set<string>();
  const take = (name: string): void => {
    const chunk = chunks[name];
    if (!chunk || seen.has(name)) return;
    seen.add(name);
    files.add(chunk.file);
    for (const css of chunk.css ?? []) files.add(css);
    for (const other of [...(chunk.imports ?? []), ...(chunk.dynamicImports ?? [])]) take(other);
  };
  take("field/index.html");
  if (files.size === 0) throw new Error("the build has no field/index.html");
  return files;
}
