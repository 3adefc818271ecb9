/** Where what opens at a button stands: next to it, so that the Tab key goes there from the button. */
export function beside(button: HTMLElement): HTMLElement {
  return button.parentElement ?? document.body;
}
