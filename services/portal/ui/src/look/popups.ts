/** Where dialogs, drawers and lists open: not in the body itself, for which the kit would write a style without our nonce. */
const place = document.createElement("div");
place.id = "popups";

export function popups(): HTMLElement {
  if (!place.isConnected) document.body.append(place);
  return place;
}
