/** As much of i18next as the crew's app uses: its build takes this in the library's place, for 100 kB is all it has.
 *
 * Keys with dots, the first of several keys that there is, `{{values}}`, plural forms; types are the library's.
 */
type Bundle = Readonly<Record<string, unknown>>;
type Options = Readonly<Record<string, unknown>>;

const bundles = new Map<string, Bundle>();
const heard = new Set<() => void>();

function find(bundle: Bundle | undefined, key: string): string | undefined {
  let found: unknown = bundle;
  for (const part of key.split(".")) found = typeof found === "object" && found !== null ? (found as Bundle)[part] : undefined;
  return typeof found === "string" ? found : undefined;
}

function filled(text: string, options: Options): string {
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (_whole, name: string) => String(options[name] ?? ""));
}

const small = {
  language: "",

  use() {
    return small;
  },

  async init(options: { lng: string; resources: Record<string, { translation: Bundle }> }): Promise<void> {
    for (const [language, { translation }] of Object.entries(options.resources)) bundles.set(language, translation);
    await small.changeLanguage(options.lng);
  },

  async changeLanguage(language: string): Promise<void> {
    small.language = language;
    for (const call of heard) call();
    return Promise.resolve();
  },

  hasResourceBundle(language: string): boolean {
    return bundles.has(language);
  },

  addResourceBundle(language: string, _name: string, bundle: Bundle): void {
    bundles.set(language, bundle);
  },

  t(keys: string | readonly string[], options: Options = {}): string {
    const all = typeof keys === "string" ? [keys] : keys;
    const bundle = bundles.get(small.language);
    const count = options["count"];
    const form = typeof count === "number" ? `_${new Intl.PluralRules(small.language).select(count)}` : "";
    for (const key of all) {
      const text = (form && find(bundle, key + form)) || find(bundle, key);
      if (text !== undefined) return filled(text, options);
    }
    return all.at(-1) ?? "";
  },

  listen(call: () => void): () => void {
    heard.add(call);
    return () => heard.delete(call);
  },
};

export default small;
