// The first page: every item, how far it is, how well the judges agree.

import * as api from "./api.js";
import { agreement, alarm, find, points, say } from "./page.js";

const POLL = 15000; // milliseconds

function card(item) {
  const made = find("item-card").content.cloneNode(true).firstElementChild;
  const { progress } = item;
  made.href = `/item/${encodeURIComponent(item.id)}`;
  made.querySelector(".card-id").textContent = item.id;
  made.querySelector(".card-title").textContent = item.title;
  made.querySelector(".card-problem").textContent = `${points(item.worth)} ${item.worth === 1 ? "point" : "points"} by hand`;
  const bar = made.querySelector("progress");
  bar.max = Math.max(progress.total, 1);
  bar.value = progress.done;
  bar.setAttribute("aria-label", `${item.id}: judged so far`);
  made.querySelector(".card-count").textContent = `${progress.done} of ${progress.total}`;
  const facts = [];
  if (progress.waiting) facts.push(`${progress.waiting} wait for you`);
  else facts.push("nothing waits for you");
  if (progress.mean !== null) facts.push(`mean ${points(progress.mean)}`);
  if (item.agreed) facts.push(agreement(item.agreed));
  made.querySelector(".card-facts").textContent = facts.join(" · ");
  made.classList.toggle("finished", progress.done === progress.total);
  return made;
}

async function load() {
  try {
    const told = await api.items();
    const box = find("items");
    const focused = document.activeElement?.closest?.(".card")?.getAttribute("href");
    box.replaceChildren(...told.items.map(card));
    if (focused) box.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
    box.removeAttribute("aria-busy");
    const [read, all] = told.read;
    find("reading").hidden = read >= all;
    find("reading").textContent =
      `Reading hand-ins, ${read} of ${all}: like answers are put together when all are read. You can begin.`;
    const done = told.items.reduce((sum, item) => sum + item.progress.done, 0);
    const total = told.items.reduce((sum, item) => sum + item.progress.total, 0);
    find("all").textContent = `${done} of ${total} answers are judged.`;
  } catch (error) {
    alarm(error.message);
    find("items").textContent = error.message;
  }
}

find("person").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = event.target.elements.name;
  try {
    const told = await api.be(field.value);
    field.value = told.person;
    event.target.querySelector("button").hidden = true;
    say(`You judge as ${told.person}.`);
    load();
  } catch (error) {
    alarm(error.message);
  }
});
find("person").addEventListener("input", () => {
  find("person").querySelector("button").hidden = false;
});

load();
setInterval(() => document.visibilityState === "visible" && load(), POLL);
