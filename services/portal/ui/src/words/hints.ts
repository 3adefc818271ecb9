/** What a form's field wants, in the app's language: the browser would say it in its own. */
import i18next from "i18next";

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function isField(target: EventTarget | null): target is Field {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

function wanted(field: Field): string {
  const { valid, valueMissing, tooShort, rangeUnderflow, rangeOverflow } = field.validity;
  if (valid) return "";
  if (valueMissing) return i18next.t("hint.missing");
  if (tooShort && "minLength" in field) return i18next.t("hint.short", { least: field.minLength });
  if ((rangeUnderflow || rangeOverflow) && "min" in field) return i18next.t("hint.range");
  return i18next.t("hint.form");
}

/** Have every form of the page say its wants in the language of the screens. */
export function sayWants(): void {
  document.addEventListener("invalid", ({ target }) => {
    if (!isField(target)) return;
    target.setCustomValidity("");
    target.setCustomValidity(wanted(target));
  }, true);
  // What was half typed and is taken away again changes no value, so nothing but a key or leaving the field tells.
  for (const kind of ["input", "change", "keydown", "focusout"]) {
    document.addEventListener(kind, ({ target }) => { if (isField(target)) target.setCustomValidity(""); }, true);
  }
}
