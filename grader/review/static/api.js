// Talks to the server. Every answer is JSON; a refusal becomes an error with its text.

export class Refusal extends Error {
  constructor(status, told) {
    super(told.message || `the server answered ${status}`);
    this.status = status;
    this.told = told;
  }
}

async function ask(path, method = "GET", body = undefined) {
  const options = { method, headers: {}, credentials: "same-origin" };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refusal(0, { message: "The server can't be reached. Nothing was saved; try again." });
  }
  if (response.status === 401) {
    throw new Refusal(401, {
      message: "The server was started again: open the address that it printed.",
    });
  }
  const kind = response.headers.get("Content-Type") || "";
  const next = Number(response.headers.get("X-Next-Start")) || null;
  const told = kind.includes("json") ? await response.json() : { html: await response.text(), next };
  if (!response.ok) throw new Refusal(response.status, told.message ? told : { message: told.html });
  return told;
}

const at = (...parts) => "/api/" + parts.map(encodeURIComponent).join("/");

export const items = () => ask(at("items"));
export const item = (name) => ask(at("items", name));
export const answer = (name, key, named, counting, against = "") =>
  ask(`${at("items", name, "answers", key)}?named=${named}&counting=${counting}&against=${encodeURIComponent(against)}`);
export const whole = (name, key, start = 0) =>
  ask(`${at("items", name, "answers", key, "whole")}?start=${start}`);
export const give = (name, key, decision) => ask(at("items", name, "answers", key), "PUT", decision);
export const undo = (name, key, version, slot) =>
  ask(at("items", name, "answers", key, "undo"), "POST", { version, slot });
export const addRemark = (name, remark) => ask(at("items", name, "comments"), "POST", remark);
export const changeRemark = (name, number, remark) =>
  ask(at("items", name, "comments", String(number)), "PUT", remark);
export const be = (name) => ask(at("person"), "POST", { name });
