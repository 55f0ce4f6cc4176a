// The judgement of one answer while it is made: criteria, comments, words, points.

import { find, make, points, read, signed } from "./page.js";

export class Judgement {
  // `changed` is called after each change that a person makes.
  constructor(worth, criteria, changed) {
    this.worth = worth;
    this.criteria = criteria;
    this.remarks = [];
    this.changed = changed;
    this.clear();
    find("comment").addEventListener("input", () => this.touch());
    find("points").addEventListener("input", () => {
      const typed = find("points").value.trim();
      this.override = typed === "" ? null : read(typed);
      this.touch(false);
    });
    this.criterionButtons = criteria.map((criterion, place) =>
      this.pick(place + 1 <= 9 ? String(place + 1) : "", criterion.text, points(criterion.points), () =>
        this.toggleCriterion(place)
      )
    );
    find("criteria").replaceChildren(...this.criterionButtons);
  }

  clear() {
    this.met = new Set();
    this.used = new Set();
    this.override = null;
    this.touched = false;
    this.copied = false;
    find("comment").value = "";
  }

  setRemarks(remarks) {
    this.remarks = remarks;
    this.showRemarks();
    this.show();
  }

  // What is kept of an answer, or of one that was left before it was confirmed.
  load(given, draft = null) {
    this.clear();
    const source = draft || given;
    if (source) {
      for (const [place, got] of Object.entries(source.criteria)) if (got > 0) this.met.add(Number(place));
      this.used = new Set(source.comments);
      find("comment").value = source.comment;
      if (Math.abs(source.points - this.sum()) > 1e-9) this.override = source.points;
    }
    this.touched = draft !== null;
    this.copied = Boolean(draft && draft.copied);
    this.showRemarks();
    this.show();
  }

  toggleCriterion(place) {
    if (place >= this.criteria.length) return;
    this.met.has(place) ? this.met.delete(place) : this.met.add(place);
    this.override = null;
    this.touch();
  }

  toggleRemark(place) {
    const remark = this.offered()[place];
    if (!remark) return;
    this.used.has(remark.id) ? this.used.delete(remark.id) : this.used.add(remark.id);
    this.touch();
  }

  all(met) {
    this.met = new Set(met ? this.criteria.keys() : []);
    this.override = null;
    this.touch();
  }

  touch(rewrite = true) {
    this.touched = true;
    this.copied = false;
    this.show(rewrite);
    this.changed();
  }

  sum() {
    let sum = 0;
    for (const place of this.met) sum += this.criteria[place].points;
    return Math.round(sum * 100) / 100;
  }

  points() {
    return this.override === null ? this.sum() : this.override;
  }

  effect() {
    let sum = 0;
    for (const remark of this.remarks) if (this.used.has(remark.id)) sum += remark.points;
    return Math.round(sum * 100) / 100;
  }

  total() {
    return Math.min(Math.max(this.points() + this.effect(), 0), this.worth);
  }

  fault() {
    const given = this.points();
    if (Number.isNaN(given)) return "Points must be a number.";
    if (given < 0 || given > this.worth) return `Points must be from 0 to ${points(this.worth)}.`;
    return "";
  }

  decision() {
    const criteria = {};
    for (const place of this.met) criteria[place] = this.criteria[place].points;
    return {
      points: this.points(),
      criteria,
      comments: [...this.used],
      comment: find("comment").value.trim(),
    };
  }

  // Comments on offer, and those that were retired but are used here.
  offered() {
    return this.remarks.filter((remark) => !remark.retired || this.used.has(remark.id));
  }

  pick(key, words, worth, chosen) {
    return make(
      "button",
      { type: "button", class: "pick", "aria-pressed": "false", onclick: chosen },
      key ? make("kbd", {}, key) : make("span", { class: "no-key" }),
      make("span", { class: "pick-words" }, words),
      make("span", { class: "pick-worth" }, worth)
    );
  }

  showRemarks() {
    const buttons = this.offered().map((remark, place) => {
      const key = place < 9 ? `⇧${place + 1}` : "";
      return this.pick(key, remark.text, signed(remark.points), () => this.toggleRemark(place));
    });
    const focused = [...find("remarks").children].indexOf(document.activeElement);
    find("remarks").replaceChildren(...buttons);
    if (focused >= 0) buttons[Math.min(focused, buttons.length - 1)]?.focus();
  }

  show(rewrite = true) {
    this.criterionButtons?.forEach((button, place) =>
      button.setAttribute("aria-pressed", String(this.met.has(place)))
    );
    const offered = this.offered();
    [...find("remarks").children].forEach((button, place) =>
      button.setAttribute("aria-pressed", String(this.used.has(offered[place]?.id)))
    );
    const bare = !this.touched && !this.met.size && !this.used.size && this.override === null;
    if (rewrite) find("points").value = bare ? "" : points(this.points());
    const effect = this.effect();
    find("effect").textContent = effect ? `${signed(effect)} by comments` : "";
    const total = this.total();
    find("total").textContent = bare || Number.isNaN(total) ? "–" : points(total);
    find("total").append(make("small", {}, ` of ${points(this.worth)}`));
    const fault = this.fault();
    find("fault").hidden = fault === "";
    find("fault").textContent = fault;
    find("points").setAttribute("aria-invalid", String(fault !== ""));
  }
}
