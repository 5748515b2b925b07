"""The page of ``explorer``: markup, style and script, with places for title and data."""

TEMPLATE = r"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline';
  script-src 'unsafe-inline'">
<title>@TITLE@</title>
<style>
  :root { font: 15px/1.4 system-ui, sans-serif; color: #1b1b1b; background: #fff; }
  body { margin: 0 auto; padding: 12px 16px; max-width: 1280px; }
  h1 { font-size: 1.2rem; margin: 0 0 2px; }
  h2 { font-size: 1rem; margin: 0 0 4px; }
  p { margin: 0 0 8px; color: #444; }
  #maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 16px; }
  #maps.single { max-width: 620px; margin: 0 auto; }
  svg.map { display: block; width: 100%; aspect-ratio: 1; background: #fafafa;
            border: 1px solid #bbb; border-radius: 4px; touch-action: manipulation; }
  svg.map:focus-visible, button:focus-visible { outline: 3px solid #1a5fb4; outline-offset: 2px; }
  .mark { cursor: pointer; stroke: #fff; stroke-width: .7; }
  .dim .mark { opacity: .22; }
  .dim .mark.near, .dim .mark.chosen, .mark.at { opacity: 1; stroke: #000; stroke-width: 1.6; }
  .link { stroke: #333; stroke-width: 1.4; pointer-events: none; }
  .link.miss { stroke-dasharray: 4 3; }
  .ring { fill: none; stroke: #000; stroke-width: 2.5; pointer-events: none; }
  #legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 8px 0;
            padding: 0; font-size: .87rem; }
  #legend svg { width: 14px; height: 14px; vertical-align: -2px; margin-right: 4px; }
  #below { display: grid; grid-template-columns: 190px 1fr; gap: 16px; min-height: 200px; }
  figure { margin: 0; }
  figcaption { font-size: .87rem; }
  img { image-rendering: auto; display: block; border-radius: 3px; background: #eee; }
  #shown img { width: 128px; height: 128px; }
  .row { display: flex; flex-wrap: wrap; gap: 8px; margin: 0 0 10px; padding: 0; list-style: none; }
  .row button { font: inherit; font-size: .8rem; width: 92px; padding: 4px; text-align: left;
                background: #fff; border: 3px solid #0b6e4f; border-radius: 5px; cursor: pointer;
                overflow-wrap: anywhere; }
  .row button.miss { border: 3px dashed #b3261e; }
  .row img { width: 78px; height: 78px; margin-bottom: 2px; }
  kbd { font: inherit; border: 1px solid #999; border-radius: 3px; padding: 0 4px; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
</style>
</head>
<body>
<h1>@TITLE@</h1>
<p>Point at a mark to see its image, click it to see its nearest neighbours in the embeddings.
   Keyboard: <kbd>Tab</kbd> to a map, arrow keys from mark to mark, <kbd>Enter</kbd> to choose,
   <kbd>Esc</kbd> to let go.</p>
<div id="maps"></div>
<ul id="legend" aria-label="Categories and their marks"></ul>
<div id="below">
  <figure id="shown"></figure>
  <section id="neighbours" aria-label="Nearest neighbours"></section>
</div>
<div id="said" class="unseen" aria-live="polite"></div>
<noscript>This page needs its own script, which is switched off here.</noscript>
<script type="application/json" id="data">@DATA@</script>
<script>
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const SIZE = 600, EDGE = 24;
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"];
const polygon = (n, turn, inner = 1) => {
  const corners = [], steps = inner === 1 ? n : 2 * n;
  for (let i = 0; i < steps; i++) {
    const r = 7 * (i % 2 && inner !== 1 ? inner : 1), a = turn + 2 * Math.PI * i / steps;
    corners.push((r * Math.sin(a)).toFixed(2) + " " + (-r * Math.cos(a)).toFixed(2));
  }
  return "M" + corners.join("L") + "Z";
};
const plus = "M-2 -6.5H2V-2H6.5V2H2V6.5H-2V2H-6.5V-2H-2Z";
// As many as colours less one, so that their pairs repeat late.
const SHAPES = [
  {d: "M-5.5 0A5.5 5.5 0 1 0 5.5 0A5.5 5.5 0 1 0 -5.5 0Z"}, {d: "M-5 -5H5V5H-5Z"},
  {d: polygon(3, 0)}, {d: polygon(3, Math.PI)}, {d: polygon(4, 0)}, {d: plus},
  {d: plus, turn: 45}, {d: polygon(5, 0, .42)}, {d: polygon(5, 0)}, {d: polygon(6, 0)},
  {d: "M-3 -6.5H3V6.5H-3Z"}, {d: "M-6.5 -3H6.5V3H-6.5Z"},
];
const style = c => ({shape: SHAPES[c % SHAPES.length], colour: COLOURS[c % COLOURS.length]});
const name = i => `${data.product[i]}, ${data.categories[data.category[i]]}`;
const source = i => "data:image/jpeg;base64," + data.image[i];

function element(tag, attributes = {}, text = "") {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}
function drawn(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
function mark(category, place) {
  const {shape, colour} = style(category);
  const turn = shape.turn ? ` rotate(${shape.turn})` : "";
  return drawn("path", {class: "mark", d: shape.d, fill: colour, transform: place + turn});
}

const views = data.maps.map(map => {
  const at = map.points.map(p => p.map(v => EDGE + v * (SIZE - 2 * EDGE)));
  const svg = drawn("svg", {class: "map", viewBox: `0 0 ${SIZE} ${SIZE}`, tabindex: 0,
    role: "application", "aria-label": `Map ${map.name}: ${at.length} images. ` +
      "Arrow keys go from mark to mark, Enter shows neighbours."});
  const links = drawn("g", {}), marks = drawn("g", {}), rings = drawn("g", {});
  at.forEach(([x, y], i) => {
    const made = mark(data.category[i], `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    made.dataset.i = i;
    marks.append(made);
  });
  svg.append(links, marks, rings);
  return {map, at, svg, links, marks: [...marks.children], rings};
});
let shown = -1, chosen = -1;

function show(i) {
  if (shown >= 0) views.forEach(v => v.marks[shown].classList.remove("at"));
  shown = i;
  const figure = document.getElementById("shown");
  figure.replaceChildren();
  if (i < 0) return;
  views.forEach(v => {
    v.marks[i].classList.add("at");
    ring(v);
  });
  figure.append(element("img", {src: source(i), alt: `Image ${i}: ${name(i)}`}),
    element("figcaption", {}, name(i)));
}
function ring(view) {
  const ringed = [...new Set([shown, chosen])].filter(i => i >= 0);
  view.rings.replaceChildren(...ringed.map(i =>
    drawn("circle", {class: "ring", r: i === chosen ? 12 : 10,
      cx: view.at[i][0], cy: view.at[i][1]})));
}
function choose(i) {
  chosen = i;
  const place = document.getElementById("neighbours");
  place.replaceChildren();
  for (const view of views) {
    view.links.replaceChildren();
    view.svg.classList.toggle("dim", i >= 0);
    view.marks.forEach(m => m.classList.remove("near", "chosen"));
  }
  if (i < 0) { show(-1); views.forEach(ring); return; }
  show(i);
  const words = [];
  for (const view of views) {
    const near = view.map.neighbours[i], isHit = j => data.productId[j] === data.productId[i];
    const hits = near.filter(isHit).length;
    view.marks[i].classList.add("chosen");
    place.append(element("h2", {}, (view.map.name ? view.map.name + ": " : "") +
      `${hits} of ${near.length} neighbours show the same product`));
    const row = element("ol", {class: "row"});
    near.forEach((j, rank) => {
      const hit = isHit(j);
      const [x1, y1] = view.at[i], [x2, y2] = view.at[j];
      view.links.append(drawn("line", {class: hit ? "link" : "link miss", x1, y1, x2, y2}));
      view.marks[j].classList.add("near");
      const button = element("button", {type: "button", class: hit ? "hit" : "miss"});
      button.append(element("img", {src: source(j), alt: ""}),
        `${rank + 1} ${hit ? "✓" : "✗"} ${data.product[j]}`);
      button.setAttribute("aria-label", `Neighbour ${rank + 1}, ` +
        `${hit ? "same product" : "another product"}: ${name(j)}. Show its neighbours.`);
      button.addEventListener("click", () => {
        choose(j);
        view.svg.focus();
      });
      const item = element("li");
      item.append(button);
      row.append(item);
    });
    place.append(row);
    words.push(`${view.map.name} ${hits} of ${near.length}`);
  }
  views.forEach(ring);
  say(`Chosen: ${name(i)}. Same product among its neighbours: ${words.join(", ")}.`);
}
function say(text) { document.getElementById("said").textContent = text; }

// The next mark in a direction: near, and not far off the way.
function step(view, from, dx, dy) {
  let best = -1, least = Infinity;
  const [x, y] = view.at[from];
  view.at.forEach(([u, v], i) => {
    const along = (u - x) * dx + (v - y) * dy;
    const off = Math.abs((u - x) * dy) + Math.abs((v - y) * dx);
    if (i !== from && along > 0 && along + 2.5 * off < least) {
      least = along + 2.5 * off;
      best = i;
    }
  });
  return best;
}
const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
for (const view of views) {
  const index = event => Number(event.target.dataset.i ?? -1);
  view.svg.addEventListener("pointerover", event => { if (index(event) >= 0) show(index(event)); });
  view.svg.addEventListener("pointerleave", () => { if (chosen >= 0) show(chosen); });
  view.svg.addEventListener("click", event => choose(index(event)));
  view.svg.addEventListener("keydown", event => {
    if (event.key in ARROWS) {
      const next = shown < 0 ? 0 : step(view, shown, ...ARROWS[event.key]);
      if (next >= 0) { show(next); say(name(next)); }
    } else if (event.key === "Enter" || event.key === " ") {
      if (shown >= 0) choose(shown);
    } else if (event.key === "Escape") {
      choose(-1);
      say("Nothing chosen.");
    } else return;
    event.preventDefault();
  });
  const section = element("section");
  if (view.map.name) section.append(element("h2", {}, view.map.name));
  section.append(view.svg);
  document.getElementById("maps").append(section);
}
document.getElementById("maps").classList.toggle("single", views.length === 1);
data.categories.forEach((text, c) => {
  const item = element("li"), svg = drawn("svg", {viewBox: "-8 -8 16 16", "aria-hidden": "true"});
  svg.append(mark(c, ""));
  item.append(svg, text);
  document.getElementById("legend").append(item);
});
choose(-1);
</script>
</body>
</html>
"""
