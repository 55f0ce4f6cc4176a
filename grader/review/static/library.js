// The window in which the shared library of comments is edited.

import * as api from "./api.js";
import { alarm, find, make, points, read, say } from "./page.js";

export class Library {
  // `updated` is given the item as it is after a change.
  constructor(name, updated) {
    this.name = name;
    this.updated = updated;
    this.remarks = [];
    find("library-new").addEventListener("submit", (event) => this.add(event));
  }

  setRemarks(remarks) {
    this.remarks = remarks;
  }

  open() {
    this.show();
    this.complain("");
    find("library").showModal();
    (find("library-rows").querySelector("textarea") || find("library-new").elements.text).focus();
  }

  show() {
    find("library-rows").replaceChildren(
      ...this.remarks.filter((remark) => !remark.retired).map((remark) => this.row(remark))
    );
  }

  row(remark) {
    const text = make("textarea", { name: "text", rows: "2", maxlength: "2000", required: true });
    text.value = remark.text;
    const worth = make("input", { name: "points", inputmode: "decimal", size: "4", autocomplete: "off" });
    worth.value = points(remark.points);
    const used = remark.used === 1 ? "in 1 score" : `in ${remark.used} scores`;
    const form = make(
      "form",
      { class: "row", "data-id": remark.id },
      make("label", {}, make("span", { class: "label" }, `Comment, ${used}`), text),
      make("label", {}, make("span", { class: "label" }, "Points"), worth),
      make("button", { type: "submit" }, "Save"),
      make(
        "button",
        { type: "button", title: "Offer it no longer; scores keep it", onclick: () => this.save(form, remark, true) },
        "Retire"
      )
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save(form, remark, false);
    });
    submitByEnter(form);
    return form;
  }

  async save(form, remark, retired) {
    const told = this.told(form);
    if (!told) return;
    try {
      const item = await api.changeRemark(this.name, remark.id, { ...told, retired, version: remark.version });
      this.updated(item);
      const now = item.remarks.find((other) => other.id === remark.id);
      say(retired ? "Comment retired." : `Saved: ${now.used} scores use it.`);
      Object.assign(remark, now);
      if (retired) form.remove();
      else form.querySelector(".label").textContent = `Saved · in ${now.used} scores`;
      this.complain("");
    } catch (error) {
      if (error.status === 409) await this.catchUp(form, remark, error);
      else this.complain(error.message);
    }
  }

  // Someone else has changed the comment: show what it is now, keep what was typed.
  async catchUp(form, remark, error) {
    try {
      const item = await api.item(this.name);
      const now = item.remarks.find((other) => other.id === remark.id);
      this.updated(item);
      Object.assign(remark, now);
      this.complain(`${error.message}. It now reads “${now.text}”, ${points(now.points)}; save again to replace that.`);
    } catch (second) {
      this.complain(second.message);
    }
  }

  async add(event) {
    event.preventDefault();
    const form = event.target;
    const told = this.told(form);
    if (!told) return;
    try {
      const item = await api.addRemark(this.name, told);
      form.reset();
      this.updated(item);
      this.show();
      this.complain("");
      say("Comment added.");
      form.elements.text.focus();
    } catch (error) {
      this.complain(error.message);
    }
  }

  told(form) {
    const worth = read(form.elements.points.value);
    const text = form.elements.text.value.trim();
    if (Number.isNaN(worth)) return this.complain("Points must be a number, such as −0.5."), null;
    if (!text) return this.complain("A comment must have words."), null;
    return { text, points: worth };
  }

  complain(text) {
    find("library-fault").hidden = text === "";
    find("library-fault").textContent = text;
    if (text) alarm(text);
  }
}

export function submitByEnter(form) {
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && event.target.tagName === "TEXTAREA") {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}
