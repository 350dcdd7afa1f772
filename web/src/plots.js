// Joint angles over time, with a cursor that follows and can be dragged.
import { secondsOf } from "./data.js";

const [WIDTH, HEIGHT] = [300, 110];
const FOOT = 4;

function make(name, attributes, parent) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
}

function tag(name, className, text, parent) {
  const node = document.createElement(name);
  node.className = className;
  node.textContent = text;
  parent.append(node);
  return node;
}

const sideOf = (name) => (name.startsWith("left ") ? "left" : name.startsWith("right ") ? "right" : "middle");

export class Plots {
  constructor(parent, data, duration, seek) {
    Object.assign(this, { parent, data, duration, seek });
  }

  // Draw the angles of these people, the second one's dashed.
  choose(people) {
    this.parent.replaceChildren();
    this.plots = this.data.plots.map((title) => this.#plot(title, people)).filter(Boolean);
    this.parent.classList.toggle("two", people.length > 1);
    this.parent.hidden = this.plots.length === 0;
  }

  #plot(title, people) {
    const lines = people.flatMap((person, number) =>
      Object.entries(person?.angles ?? {})
        .filter(([name]) => name.endsWith(title))
        .map(([name, values]) => ({ name, values, number, result: this.data.results[number], side: sideOf(name) })),
    );
    const all = lines.flatMap(({ values }) => Array.from(values).filter(Number.isFinite));
    if (!all.length) return null;
    const low = Math.min(0, 30 * Math.floor(all.reduce((a, b) => Math.min(a, b)) / 30));
    const high = Math.max(60, low + 30, 30 * Math.ceil(all.reduce((a, b) => Math.max(a, b)) / 30));
    const card = tag("figure", "plot", "", this.parent);
    const head = tag("figcaption", "", "", card);
    tag("span", "name", title, head);
    const values = tag("span", "values", "", head);
    const box = tag("div", "curves", "", card);
    const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" }, box);
    svg.setAttribute("aria-label", `${title} over time, in degrees`);
    const y = (degrees) => HEIGHT - FOOT - ((degrees - low) / (high - low)) * (HEIGHT - 2 * FOOT);
    const step = high - low > 180 ? 90 : high - low > 90 ? 60 : 30;
    for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) {
      make("line", { class: tick ? "tick" : "tick zero", x1: 0, x2: WIDTH, y1: y(tick), y2: y(tick) }, svg);
      const label = tag("span", "label", `${tick}°`, box);
      label.style.setProperty("--at", (y(tick) / HEIGHT).toFixed(4));
    }
    for (const line of lines) {
      make("path", { d: this.#path(line, y), class: `${line.side}${line.number ? " second" : ""}` }, svg);
    }
    const cursor = make("line", { class: "cursor", y1: 0, y2: HEIGHT }, svg);
    this.#follow(svg);
    return { lines, cursor, values };
  }

  #x(seconds) {
    return (seconds / this.duration) * WIDTH;
  }

  #path({ values, result }, y) {
    let path = "";
    let pen = false;
    values.forEach((degrees, frame) => {
      if (Number.isFinite(degrees)) {
        path += `${pen ? "L" : "M"}${this.#x(secondsOf(result, frame) + 0.5 / result.fps).toFixed(1)} ${y(degrees).toFixed(1)}`;
      }
      pen = Number.isFinite(degrees);
    });
    return path;
  }

  #follow(svg) {
    const seek = (event) => {
      const { left, width } = svg.getBoundingClientRect();
      this.seek(Math.min(Math.max((event.clientX - left) / width, 0), 1) * this.duration);
    };
    svg.addEventListener("pointerdown", (event) => {
      svg.setPointerCapture(event.pointerId);
      seek(event);
    });
    svg.addEventListener("pointermove", (event) => svg.hasPointerCapture(event.pointerId) && seek(event));
  }

  show(seconds, frames) {
    const x = this.#x(seconds + 0.5 / this.data.results[0].fps);
    for (const { lines, cursor, values } of this.plots) {
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      values.replaceChildren();
      for (const { values: degrees, number, side } of lines) {
        const value = degrees[frames[number]];
        tag("span", `${side}${number ? " second" : ""}`, Number.isFinite(value) ? `${Math.round(value)}°` : "–", values);
      }
    }
  }
}
