"use strict";
(() => {
  const table = document.getElementById("students");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[0].cells);
  const search = document.getElementById("search");
  const kind = document.getElementById("kind");
  const item = document.getElementById("item");
  const count = document.getElementById("count");
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const words = new Map(rows.map((row) => [row, row.dataset.words.toLowerCase()]));

  const value = (row, column) => {
    const text = row.cells[column].textContent.trim();
    if (heads[column].dataset.kind !== "number") return text || null;
    const number = Number.parseFloat(text);
    return Number.isNaN(number) ? null : number;
  };

  // What has no value comes last, whichever way is sorted.
  const compare = (left, right, sign) => {
    if (left === null || right === null) return (left === null) - (right === null);
    return sign * (typeof left === "number" ? left - right : collator.compare(left, right));
  };

  const sort = (column) => {
    const head = heads[column];
    const was = head.getAttribute("aria-sort");
    const first = head.dataset.kind === "number" ? "descending" : "ascending";
    const other = first === "ascending" ? "descending" : "ascending";
    const way = was === first ? other : first;
    const sign = way === "ascending" ? 1 : -1;
    for (const each of heads) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", way);
    const keyed = rows.map((row, place) => ({ row, place, key: value(row, column) }));
    keyed.sort((a, b) => compare(a.key, b.key, sign) || a.place - b.place);
    body.append(...keyed.map((each) => each.row));
  };

  const filter = () => {
    const wanted = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const column = item.value === "" ? -1 : Number(item.value);
    let shown = 0;
    for (const row of rows) {
      const fits =
        wanted.every((word) => words.get(row).includes(word)) &&
        (kind.value === "" || row.dataset.marks.split(" ").includes(kind.value)) &&
        (column < 0 || /\bq[012f]\b/.test(row.cells[column].className));
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    count.textContent = `${shown} of ${rows.length} shown`;
  };

  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => sort(column)));
  search.addEventListener("input", filter);
  kind.addEventListener("change", filter);
  item.addEventListener("change", filter);
  filter();
})();
