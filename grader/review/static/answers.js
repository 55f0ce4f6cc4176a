// The answers of one item in this person's order: which comes next, and fetching ahead.

import * as api from "./api.js";

const WAITING = new Set(["open", "changed", "second"]);
const AHEAD = 8; // answers that are kept fetched

export class Answers {
  constructor(name, lines) {
    this.name = name;
    this.fetched = new Map();
    this.setLines(lines);
  }

  setLines(lines) {
    const before = new Map((this.lines || []).map((line) => [line.key, line]));
    this.lines = lines;
    this.places = new Map(lines.map((line, place) => [line.key, place]));
    for (const line of lines) {
      // What was fetched ahead says how the answer stood then.
      const old = before.get(line.key);
      if (old && (old.state !== line.state || old.points !== line.points)) this.forget(line.key);
    }
  }

  update(line) {
    this.lines[this.places.get(line.key)] = line;
    this.forget(line.key);
  }

  forget(key) {
    for (const address of [...this.fetched.keys()]) if (address.startsWith(`${key} `)) this.fetched.delete(address);
  }

  forgetAll() {
    this.fetched.clear();
  }

  place(key) {
    return this.places.has(key) ? this.places.get(key) : -1;
  }

  isWaiting(key) {
    return WAITING.has(this.lines[this.place(key)]?.state);
  }

  // The key `steps` further in the order; it goes round.
  stepped(key, steps) {
    const count = this.lines.length;
    return this.lines[(this.place(key) + steps + count) % count]?.key;
  }

  // The next key after this one for which `wanted(line)` holds; this one comes last.
  next(key, wanted) {
    const count = this.lines.length;
    for (let step = 1; step <= count; step++) {
      const line = this.lines[(this.place(key) + step + count) % count];
      if (wanted(line)) return line.key;
    }
    return null;
  }

  nextWaiting(key) {
    return this.next(key, (line) => WAITING.has(line.state) && line.key !== key);
  }

  get(key, named, counting = false) {
    const address = `${key} ${named} ${counting}`;
    if (!this.fetched.has(address)) {
      const asked = api.answer(this.name, key, named, counting);
      asked.catch(() => this.fetched.delete(address));
      this.fetched.set(address, asked);
      while (this.fetched.size > AHEAD) this.fetched.delete(this.fetched.keys().next().value);
    }
    return this.fetched.get(address);
  }

  put(key, named, view) {
    this.fetched.set(`${key} ${named} false`, Promise.resolve(view));
  }

  // An answer that is shown is asked for anew the next time: somebody may have judged it.
  take(key, named, counting = false) {
    const asked = this.get(key, named, counting);
    this.fetched.delete(`${key} ${named} ${counting}`);
    return asked;
  }
}
