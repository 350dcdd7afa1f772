// Joint angles as curves that run along while people move.
import { common } from "../generated/tables.js";
import { ANGLE_NAMES } from "../pose/joint_angles.js";
import { flatContext } from "./graphics.js";

const SECONDS = 12;
const [LEFT_PX, PAD_PX] = [30, 6];

function make(name, className, parent, text = "") {
  const node = document.createElement(name);
  node.className = className;
  node.textContent = text;
  parent.append(node);
  return node;
}

export class Curves {
  constructor(parent) {
    this.plots = common.plots.map((title) => {
      const names = ANGLE_NAMES.filter((name) => name.replaceAll("_", " ").endsWith(title));
      const card = make("figure", "plot", parent);
      const head = make("figcaption", "", card);
      make("span", "name", head, title);
      const values = make("span", "values", head);
      const canvas = make("canvas", "", card);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${title} over time, in degrees`);
      const sides = names.map((name) => (name.startsWith("left") ? "left" : name.startsWith("right") ? "right" : "middle"));
      return { names, sides, canvas, texts: sides.map((side) => make("span", side, values)), context: flatContext(canvas) };
    });
  }

  // samples: [{ seconds, angles }] in order; now: the moment that the cursor marks.
  show(samples, now, colours) {
    const end = samples.length ? Math.max(samples.at(-1).seconds - SECONDS, Math.min(now - SECONDS / 2, samples.at(-1).seconds - SECONDS)) + SECONDS : 0;
    const start = Math.min(end, now + SECONDS) - SECONDS;
    const from = now < start ? now : start; // scrubbed back beyond the window: it moves along
    const shown = samples.filter(({ seconds }) => seconds >= from && seconds <= from + SECONDS);
    const current = samples.findLast(({ seconds }) => seconds <= now + 1e-6);
    this.plots.forEach((plot) => {
      plot.names.forEach((name, number) => {
        const degrees = current?.angles?.[name];
        plot.texts[number].textContent = Number.isFinite(degrees) ? `${Math.round(degrees)}°` : "–";
      });
      draw(plot, shown, { from, now, colours });
    });
  }
}

function draw({ names, sides, canvas, context }, samples, { from, now, colours }) {
  const ratio = Math.min(window.devicePixelRatio, 2);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width) return;
  if (canvas.width !== width * ratio) Object.assign(canvas, { width: width * ratio, height: height * ratio });
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const all = samples.flatMap(({ angles }) => names.map((name) => angles?.[name])).filter(Number.isFinite);
  const low = Math.min(0, 30 * Math.floor(Math.min(...all) / 30));
  const high = Math.max(90, 30 * Math.ceil(Math.max(...all) / 30));
  const x = (seconds) => LEFT_PX + ((seconds - from) / SECONDS) * (width - LEFT_PX - PAD_PX);
  const y = (degrees) => height - PAD_PX - ((degrees - low) / (high - low)) * (height - 2 * PAD_PX);
  context.font = "10px system-ui, sans-serif";
  context.textAlign = "right";
  context.textBaseline = "middle";
  const step = high - low > 180 ? 90 : high - low > 90 ? 60 : 30;
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) {
    Object.assign(context, { strokeStyle: colours.faint, fillStyle: colours.faint, lineWidth: 1, globalAlpha: tick ? 0.22 : 0.5 });
    context.beginPath();
    context.moveTo(LEFT_PX, y(tick));
    context.lineTo(width - PAD_PX, y(tick));
    context.stroke();
    context.globalAlpha = 1;
    context.fillText(`${tick}°`, LEFT_PX - 5, y(tick));
  }
  Object.assign(context, { lineWidth: 2, lineJoin: "round" });
  names.forEach((name, number) => {
    context.strokeStyle = colours[sides[number]];
    context.beginPath();
    let pen = false;
    for (const { seconds, angles } of samples) {
      const degrees = angles?.[name];
      if (Number.isFinite(degrees)) context[pen ? "lineTo" : "moveTo"](x(seconds), y(degrees));
      pen = Number.isFinite(degrees);
    }
    context.stroke();
  });
  if (samples.length && now < samples.at(-1).seconds - 1e-6) {
    Object.assign(context, { strokeStyle: colours.ink, lineWidth: 1.3 });
    context.beginPath();
    context.moveTo(x(now), 0);
    context.lineTo(x(now), height);
    context.stroke();
  }
}
