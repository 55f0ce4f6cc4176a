// Small things that every page needs: finding elements, making them, saying things aloud.

export const find = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function say(text) {
  // The same words twice in a row are read again only when the region was empty between.
  const region = find("said");
  region.textContent = "";
  requestAnimationFrame(() => (region.textContent = text));
}

export function alarm(text) {
  find("alarm").textContent = text;
}

export function points(number) {
  const rounded = Math.round(number * 100) / 100;
  return Object.is(rounded, -0) ? "0" : String(rounded);
}

export function signed(number) {
  return number > 0 ? `+${points(number)}` : number < 0 ? `−${points(-number)}` : "0";
}

export function read(text) {
  // A decimal comma is as good as a point; a minus may be typed in several ways.
  const plain = text.trim().replace(",", ".").replace("−", "-");
  return /^-?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : NaN;
}

export function when(iso) {
  const moment = new Date(iso);
  return Number.isNaN(moment.valueOf())
    ? ""
    : moment.toLocaleString([], { dateStyle: "short", timeStyle: "short" });
}

export function agreement(agreed) {
  const kappa = agreed.kappa === null ? "no κ yet" : `κ ${agreed.kappa.toFixed(2)}`;
  const judged = `${agreed.pairs} judged twice`;
  return `${judged}: agree on ${Math.round(agreed.percent)} %, ${kappa}`;
}
