const list = document.querySelector(".people"), rows = [...list.children];
const find = document.getElementById("find"), only = document.getElementById("only"), by = document.getElementById("by");
const count = document.getElementById("count");
function show() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const data = row.dataset, states = data.states.split(" ");
    row.hidden = !(words.every((word) => data.text.includes(word)) && (!only.value || states.includes(only.value)));
    shown += !row.hidden;
  }
  count.textContent = `${shown} of ${rows.length} shown`;
}
function sort() {
  const [key, way] = by.value.split(" "), sign = way === "down" ? -1 : 1;
  const value = (row) => (key === "name" ? row.dataset.name : parseFloat(row.dataset[key]));
  const known = (row) => key === "name" || !Number.isNaN(value(row));
  rows.sort((a, b) => {
    if (known(a) !== known(b)) return known(a) ? -1 : 1;
    if (!known(a)) return 0;
    const one = value(a), two = value(b);
    return sign * (key === "name" ? one.localeCompare(two) : one - two);
  });
  list.append(...rows);
}
find.addEventListener("input", show);
only.addEventListener("change", show);
by.addEventListener("change", sort);
document.getElementById("tools").hidden = false;
sort();
show();
