// One item, answer after answer: shows, judges, steps. The keyboard does everything.

import { Answers } from "./answers.js";
import * as api from "./api.js";
import { Judgement } from "./form.js";
import { handleKeys } from "./keys.js";
import { Library } from "./library.js";
import { agreement, alarm, find, make, points, say, signed, when } from "./page.js";

const POLL = 8000; // milliseconds
const KEPT_UNDO = 200;
const STATES = {
  open: "not judged",
  changed: "new file since it was judged",
  second: "second judgement",
  mine: "judged by you",
  others: "judged",
  twice: "judged twice",
};

class Page {
  constructor(root, item) {
    this.name = root.dataset.item;
    this.person = root.dataset.person;
    this.item = item;
    this.answers = new Answers(this.name, item.lines);
    this.judgement = new Judgement(item.worth, item.criteria, () => this.showState());
    this.library = new Library(this.name, (fresh) => this.refresh(fresh));
    this.drafts = new Map();
    this.named = sessionStorage.getItem("named") === "true";
    this.view = null;
    this.wholeOpen = false;
    this.sourceOpen = false;
    this.asked = 0;
    this.sure = "";
    this.refresh(item);
  }

  // ------------------------------------------------------------------ showing

  refresh(item) {
    this.item = item;
    this.answers.setLines(item.lines);
    this.library.setRemarks(item.remarks);
    this.judgement.setRemarks(item.remarks);
    this.showProgress(item.progress);
    find("agreed-box").hidden = item.agreed === null;
    if (item.agreed) {
      const differ = item.agreed.differing.length;
      find("agreed").textContent =
        `${agreement(item.agreed)}. ` +
        (differ ? `${differ} differ; the second is ${signed(item.agreed.mean_difference)} on the mean.` : "None differ.");
      find("differing").hidden = differ === 0;
    }
  }

  showProgress(progress) {
    find("progress").max = Math.max(progress.total, 1);
    find("progress").value = progress.done;
    const mean = progress.mean === null ? "" : ` · mean ${points(progress.mean)}`;
    find("count").textContent = `${progress.done} of ${progress.total}${mean}`;
  }

  async go(key, { draft = null, focus = true, counting = false } = {}) {
    if (!key) return;
    const asked = ++this.asked;
    this.keepDraft();
    let view;
    try {
      view = await this.answers.take(key, this.named, counting);
    } catch (error) {
      alarm(error.message);
      this.complain(error.message);
      return;
    }
    // A later step has overtaken this one.
    if (asked !== this.asked) return;
    this.view = view;
    if (draft) this.drafts.set(key, draft);
    this.show(focus);
    const ahead = [this.answers.nextWaiting(key), this.answers.stepped(key, 1)];
    for (const next of new Set(ahead)) if (next && next !== key) this.answers.get(next, this.named);
  }

  show(focus) {
    const { view } = this;
    this.sure = "";
    const place = this.answers.place(view.key) + 1;
    history.replaceState(null, "", `/item/${encodeURIComponent(this.name)}/${view.key}`);
    find("place").textContent = `Answer ${place} of ${this.answers.lines.length}`;
    find("main").innerHTML = view.html;
    if (!view.html) find("main").append(make("p", { class: "nothing" }, "There is nothing to show here."));
    find("note").textContent = view.empty && view.found ? `${view.note} Nothing was written.` : view.note;
    find("note").classList.toggle("missing", !view.found || view.empty);
    this.showSource(this.sourceOpen);
    this.showWhole(false);
    this.showPerson();
    this.judgement.load(view.given, this.drafts.get(view.key) || null);
    this.showState();
    this.showLike();
    this.showPast();
    if (focus) find("main").focus({ preventScroll: true });
    document.querySelector(".paper").scrollTop = 0;
    if (window.matchMedia("(max-width: 62rem)").matches) window.scrollTo(0, 0);
    say(`Answer ${place}, ${STATES[view.state]}${view.empty ? ", nothing written" : ""}.`);
  }

  showState() {
    const { view, judgement } = this;
    if (!view) return;
    const unsaved = judgement.touched;
    const words = judgement.copied ? "taken along, not confirmed" : unsaved ? "not confirmed" : STATES[view.state];
    find("state").textContent = words;
    find("state").className = `chip ${unsaved ? "draft" : view.state}`;
    if (unsaved) this.sure = "";
  }

  showPerson() {
    const { person } = this.view;
    find("names").setAttribute("aria-pressed", String(this.named));
    find("whose").hidden = !person;
    find("whose").textContent = "";
    if (person) {
      const attempt = person.attempt > 1 ? `, attempt ${person.attempt}` : "";
      find("whose").textContent =
        `${person.name || person.student} (${person.file}${attempt}${person.late ? ", late" : ""})`;
    }
  }

  showSource(open) {
    this.sourceOpen = open;
    find("source").setAttribute("aria-pressed", String(open));
    document.querySelectorAll("pre.source").forEach((element) => (element.hidden = !open));
    document.querySelectorAll(".answer").forEach((element) => element.classList.toggle("sources", open));
  }

  async showWhole(open) {
    this.wholeOpen = open;
    find("whole").setAttribute("aria-pressed", String(open));
    find("main").hidden = open;
    find("whole-answer").hidden = !open;
    find("whole-answer").replaceChildren();
    if (!open || !(await this.addPage(0))) return;
    find("whole-answer").focus({ preventScroll: true });
    find("whole-answer").querySelector(".in-answer")?.scrollIntoView({ block: "start" });
    say("The whole hand-in; the answer's cells are marked.");
  }

  // A long hand-in comes in pages; each is added below the one before.
  async addPage(start) {
    const { key } = this.view;
    const area = find("whole-answer");
    try {
      const told = await api.whole(this.name, key, start);
      if (!this.wholeOpen || this.view.key !== key) return false;
      area.querySelector(".next-page")?.remove();
      area.insertAdjacentHTML("beforeend", told.html);
      if (told.next) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "next-page";
        button.textContent = `Show the next cells, from cell ${told.next + 1} on`;
        button.addEventListener("click", () => this.addPage(told.next), { once: true });
        area.append(button);
      }
      this.showSource(this.sourceOpen);
      return true;
    } catch (error) {
      area.textContent = error.message;
      return false;
    }
  }

  showLike() {
    const { like, checked } = this.view;
    find("like-box").hidden = like.length === 0;
    const waiting = like.filter((one) => this.answers.isWaiting(one.key)).length;
    find("like-told").textContent =
      `${like.length} ${like.length === 1 ? "is" : "are"} alike in their words, ${waiting} of them open.`;
    find("like").replaceChildren(
      ...like.map((one) =>
        make(
          "button",
          { type: "button", class: `like ${one.state}`, onclick: () => this.go(one.key) },
          `#${this.answers.place(one.key) + 1}`,
          make("span", {}, one.points === null ? "open" : points(one.points))
        )
      )
    );
    find("like-next").disabled = waiting === 0;
    if (checked) find("note").append(make("span", { class: "checked" }, ` The code: ${checked}.`));
    if (this.view.differs?.length) {
      const told = this.view.differs.flatMap((change) => [
        make("del", {}, change.old || " "), "→", make("ins", {}, change.new || " "), " ",
      ]);
      find("like-told").append(make("span", { class: "differs" }, "Against the one before: ", ...told));
    }
  }

  showPast() {
    const { history, first } = this.view;
    const lines = history.map((past) =>
      past.total === null
        ? make("li", {}, "taken back")
        : make("li", {}, `${past.grader || "someone"} gave ${points(past.total)}`, make("time", {}, when(past.changed)))
    );
    if (first) {
      lines.unshift(
        make("li", {}, `First judgement, which counts: ${first.grader} gave ${points(first.total)}`,
          make("button", { type: "button", class: "small", onclick: () => this.go(this.view.key, { counting: true }) }, "Change it"))
      );
    }
    find("past-box").hidden = lines.length === 0;
    find("past").replaceChildren(...lines);
  }

  complain(text) {
    find("fault").hidden = text === "";
    find("fault").textContent = text;
  }

  // ------------------------------------------------------------------ judging

  keepDraft() {
    if (!this.view) return;
    if (this.judgement.touched) {
      this.drafts.set(this.view.key, { ...this.judgement.decision(), copied: this.judgement.copied });
    } else {
      this.drafts.delete(this.view.key);
    }
  }

  // Gives what the form says; true where it is kept.
  async give(version = null) {
    const { view, judgement } = this;
    const fault = judgement.fault();
    if (fault) {
      alarm(fault);
      return false;
    }
    if (!judgement.touched && !view.given && this.sure !== view.key) {
      this.sure = view.key;
      const words = "No criterion is met: give 0 points? Confirm again, or press a number.";
      this.complain(words);
      alarm(words);
      return false;
    }
    if (!judgement.touched && view.given && view.state !== "changed") return true;
    const decision = {
      ...judgement.decision(),
      version: version ?? (view.given ? view.given.version : 0),
      slot: view.slot,
    };
    try {
      const saved = await api.give(this.name, view.key, decision);
      this.remember({ key: view.key, version: saved.given.version, slot: view.slot });
      this.kept(saved);
      if (view.slot) this.refresh(await api.item(this.name));
      say(`${points(saved.given.total)} of ${points(this.item.worth)} given. ${saved.progress.waiting} wait for you.`);
      return true;
    } catch (error) {
      if (error.status === 409) this.clash(error, decision);
      else {
        this.complain(error.message);
        alarm(error.message);
      }
      return false;
    }
  }

  kept(saved) {
    this.drafts.delete(saved.key);
    this.answers.update(saved.line);
    this.showProgress(saved.progress);
    if (this.view.key === saved.key) {
      this.view.given = saved.given;
      this.view.state = saved.state;
      this.judgement.touched = false;
    }
  }

  async confirm() {
    if (!this.view || this.busy) return;
    this.busy = true;
    try {
      if (!(await this.give())) return;
      const next = this.answers.nextWaiting(this.view.key);
      if (next) return await this.go(next);
      this.refresh(await api.item(this.name));
      await this.go(this.view.key);
      say("Nothing waits for you any more.");
    } finally {
      this.busy = false;
    }
  }

  // Confirms this answer and shows the next like one with the same decision, to be confirmed.
  async sameForNext() {
    if (!this.view || this.busy) return;
    this.busy = true;
    try {
      if (!(await this.give())) return;
      const { like, key } = this.view;
      const decision = { ...this.judgement.decision(), copied: true };
      const next = like.find((one) => this.answers.isWaiting(one.key));
      if (!next) {
        say("No like answer waits any more.");
        return await this.go(this.answers.nextWaiting(key) || key);
      }
      this.drafts.set(next.key, decision);
      this.answers.forget(next.key);
      const view = await api.answer(this.name, next.key, this.named, false, key);
      this.answers.put(next.key, this.named, view);
      await this.go(next.key);
    } catch (error) {
      this.complain(error.message);
    } finally {
      this.busy = false;
    }
  }

  clash(error, decision) {
    const { current } = error.told;
    find("clash-told").textContent = error.message;
    find("theirs-title").textContent = current ? `${current.grader}, ${when(current.changed)}` : "Theirs";
    find("theirs").replaceChildren(...(current ? this.described(current, current.total) : ["It was taken back."]));
    find("yours").replaceChildren(...this.described(decision, this.judgement.total()));
    this.clashing = current ? current.version : 0;
    find("clash").showModal();
    find("keep-theirs").focus();
  }

  described(given, total) {
    const lines = [make("p", { class: "total" }, points(total), make("small", {}, ` of ${points(this.item.worth)}`))];
    const list = make("ul", {});
    for (const [place, got] of Object.entries(given.criteria)) {
      if (got > 0) list.append(make("li", {}, this.item.criteria[place]?.text || `criterion ${Number(place) + 1}`));
    }
    for (const number of given.comments) {
      const remark = this.item.remarks.find((one) => one.id === number);
      list.append(make("li", {}, remark ? `${remark.text} (${signed(remark.points)})` : `comment ${number}`));
    }
    lines.push(list);
    if (given.comment) lines.push(make("p", {}, `“${given.comment}”`));
    return lines;
  }

  async settle(mine) {
    find("clash").close();
    if (mine) {
      this.busy = true;
      try {
        if (await this.give(this.clashing)) await this.go(this.answers.nextWaiting(this.view.key) || this.view.key);
      } finally {
        this.busy = false;
      }
      return;
    }
    const { key } = this.view;
    this.drafts.delete(key);
    this.judgement.touched = false;
    this.answers.forget(key);
    this.refresh(await api.item(this.name));
    await this.go(key);
  }

  // ------------------------------------------------------------------ undoing

  get done() {
    return JSON.parse(sessionStorage.getItem(`done ${this.name}`) || "[]");
  }

  remember(step) {
    sessionStorage.setItem(`done ${this.name}`, JSON.stringify([...this.done, step].slice(-KEPT_UNDO)));
  }

  async undo() {
    if (!this.view || this.busy) return;
    if (this.judgement.touched) {
      // The nearest change is the one that was not confirmed yet.
      this.judgement.touched = false;
      this.drafts.delete(this.view.key);
      this.judgement.load(this.view.given);
      this.showState();
      return say("Your change was dropped.");
    }
    const steps = this.done;
    const step = steps.pop() || this.ownStep();
    if (!step) return say("There is nothing of yours to undo.");
    sessionStorage.setItem(`done ${this.name}`, JSON.stringify(steps));
    this.busy = true;
    try {
      const saved = await api.undo(this.name, step.key, step.version, step.slot);
      this.kept(saved);
      await this.go(step.key);
      say(`Undone: answer ${this.answers.place(step.key) + 1} ` +
        (saved.given ? `has ${points(saved.given.total)} points again.` : "is open again."));
    } catch (error) {
      this.answers.forget(step.key);
      await this.go(step.key);
      this.complain(`It can't be undone: ${error.message}`);
      alarm(error.message);
    } finally {
      this.busy = false;
    }
  }

  ownStep() {
    const { given, key, slot } = this.view;
    return given && given.grader === this.person ? { key, version: given.version, slot } : null;
  }

  // ------------------------------------------------------------------ stepping

  step(steps) {
    return this.go(this.answers.stepped(this.view.key, steps));
  }

  nextWaiting() {
    const next = this.answers.nextWaiting(this.view.key);
    return next ? this.go(next) : say("Nothing else waits for you.");
  }

  nextDiffering() {
    const apart = new Set(this.item.agreed?.differing || []);
    const next = this.answers.next(this.view.key, (line) => apart.has(line.key));
    return next ? this.go(next) : say("The judges differ on no answer.");
  }

  async toggleNames() {
    this.named = !this.named;
    sessionStorage.setItem("named", String(this.named));
    this.answers.forgetAll();
    await this.go(this.view.key, { focus: false });
    say(this.named ? "Names are shown." : "Names are hidden.");
  }

  async poll() {
    if (document.visibilityState !== "visible" || this.busy || !this.view) return;
    try {
      const fresh = await api.item(this.name);
      const before = this.answers.lines[this.answers.place(this.view.key)];
      this.refresh(fresh);
      const now = this.answers.lines[this.answers.place(this.view.key)];
      const changed = before && now && (before.state !== now.state || before.points !== now.points);
      if (changed && !this.judgement.touched) await this.go(this.view.key, { focus: false });
    } catch {
      // The next step says what is wrong, if it still is.
    }
  }
}

async function start() {
  const root = document.querySelector(".desk");
  let item;
  try {
    item = await api.item(root.dataset.item);
  } catch (error) {
    find("main").textContent = error.message;
    return;
  }
  const page = new Page(root, item);
  handleKeys(page);
  setInterval(() => page.poll(), POLL);
  const known = page.answers.place(root.dataset.key) >= 0;
  const first = item.lines[0]?.key;
  if (!first) {
    find("note").textContent = "No hand-ins are in this run.";
    return;
  }
  await page.go(known ? root.dataset.key : page.answers.isWaiting(first) ? first : page.answers.nextWaiting(first) || first);
}

start();
