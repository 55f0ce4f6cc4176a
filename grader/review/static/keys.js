// Keys and buttons: each key does what its button does.

import { find } from "./page.js";

const isField = (element) => element instanceof HTMLElement && element.matches("input, textarea, select");

// What is asked for while an answer is still on its way waits: a key meant for the next answer must
// not change this one.
let last = Promise.resolve();
let complain = (error) => console.error(error);

// What is typed for a field whose turn to get the focus has not come; null while none waits.
let typed = null;

function write(field, rewrite) {
  typed = "";
  return () => {
    field.focus();
    field.setSelectionRange(rewrite ? 0 : field.value.length, field.value.length);
    if (typed) {
      field.setRangeText(typed, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    typed = null;
  };
}

function queue(act) {
  last = last.then(act).catch((error) => complain(error));
  return last;
}

export function handleKeys(page) {
  complain = (error) => page.complain(error.message);
  const acts = {
    confirm: () => page.confirm(),
    undo: () => page.undo(),
    previous: () => page.step(-1),
    next: () => page.step(1),
    waiting: () => page.nextWaiting(),
    names: () => page.toggleNames(),
    source: () => page.showSource(!page.sourceOpen),
    whole: () => page.showWhole(!page.wholeOpen),
    help: () => find("keys").showModal(),
    "edit-library": () => page.library.open(),
    "like-next": () => page.sameForNext(),
    differing: () => page.nextDiffering(),
    "keep-theirs": () => page.settle(false),
    "give-mine": () => page.settle(true),
  };
  for (const [id, act] of Object.entries(acts)) {
    if (id !== "confirm") find(id).addEventListener("click", () => queue(act));
  }
  find("judgement").addEventListener("submit", (event) => {
    event.preventDefault();
    queue(acts.confirm);
  });
  document.querySelectorAll("[data-close]").forEach((button) =>
    button.addEventListener("click", () => button.closest("dialog").close())
  );
  document.querySelectorAll("dialog").forEach((dialog) =>
    // A window gives the keyboard back to the answer.
    dialog.addEventListener("close", () => find("main").focus({ preventScroll: true }))
  );

  const letters = {
    u: acts.undo,
    k: acts.previous,
    arrowleft: acts.previous,
    j: acts.next,
    arrowright: acts.next,
    n: acts.waiting,
    h: acts.names,
    s: acts.source,
    w: acts.whole,
    g: acts["like-next"],
    d: acts.differing,
    l: acts["edit-library"],
    f: () => page.judgement.all(true),
    0: () => page.judgement.all(false),
    "?": acts.help,
    enter: acts.confirm,
  };

  document.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (find("clash").open) {
      const act = { t: acts["keep-theirs"], m: acts["give-mine"] }[key];
      if (act && plain(event)) run(event, act);
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (isField(event.target)) {
      if (key === "escape") run(event, () => find("main").focus({ preventScroll: true }));
      else if (key === "enter" && (event.ctrlKey || event.metaKey)) run(event, acts.confirm);
      return;
    }
    if (typed !== null && event.key.length === 1 && plain(event)) {
      event.preventDefault();
      typed += event.key;
      return;
    }
    if (typed !== null && key === "enter" && (event.ctrlKey || event.metaKey)) return run(event, acts.confirm);
    if (!plain(event)) return;
    if (key === "c") return run(event, write(find("comment"), false));
    if (key === "p") return run(event, write(find("points"), true));
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code || "");
    if (digit) {
      const place = Number(digit[1]) - 1;
      return run(event, () =>
        event.shiftKey ? page.judgement.toggleRemark(place) : page.judgement.toggleCriterion(place)
      );
    }
    // Enter on a button or link means that one.
    if (key === "enter" && event.target.closest?.("button, a, summary")) return;
    if (letters[key]) run(event, letters[key]);
  });
}

function plain(event) {
  return !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
}

function run(event, act) {
  event.preventDefault();
  queue(act);
}
