/**
 * The nonce of this page (Content-Security-Policy), also for the styles that the kit makes without it.
 *
 * It measures scroll bars and holds the page behind a drawer by style elements of its own, which the policy
 * would refuse. Whoever can make an element by script was let in by the same nonce: nothing is opened by this.
 */
export const nonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";

export function giveNonceToStyles(): void {
  const make = document.createElement.bind(document) as (name: string, options?: ElementCreationOptions) => HTMLElement;
  const made = (name: string, options?: ElementCreationOptions): HTMLElement => {
    const element = make(name, options);
    if (nonce && element instanceof HTMLStyleElement) element.nonce = nonce;
    return element;
  };
  document.createElement = made as typeof document.createElement;
}
