// The 2D pose: over the video, or alone.
import { mixed } from "./colours.js";

const FAINT = 0.3; // the people who are not chosen
const BONE_OF_PERSON = 0.017;
const BONE_OF_PICTURE = 0.014;

export class Overlay {
  constructor(canvas, data, result) {
    Object.assign(this, { canvas, result, sure: data.sure, pale: data.pale });
    this.context = canvas.getContext("2d");
    this.size = result.people.find((person) => person.overlay)?.overlay.size;
    this.withVideo = false;
  }

  // The part of the picture that is shown: all of a video, else where the people are.
  window() {
    const [width, height] = this.size;
    if (this.withVideo) return [0, 0, width, height];
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const { overlay } of this.result.people) {
      if (!overlay) continue;
      for (let i = 0; i < overlay.keypoints.length; i += 2) {
        const [x, y] = [overlay.keypoints[i], overlay.keypoints[i + 1]];
        if (!Number.isFinite(x + y)) continue;
        [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
      }
    }
    if (left > right) return [0, 0, width, height];
    const room = 0.12 * Math.max(right - left, bottom - top, 1);
    return [left - room, top - room, right - left + 2 * room, bottom - top + 2 * room];
  }

  show(chosen, frame, colours) {
    const { canvas, context } = this;
    const ratio = Math.min(window.devicePixelRatio, 2);
    const [width, height] = [canvas.clientWidth * ratio, canvas.clientHeight * ratio].map(Math.round);
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    context.clearRect(0, 0, width, height);
    const [left, top, wide, high] = this.window();
    const scale = Math.min(width / wide, height / high);
    const [dx, dy] = [(width - scale * wide) / 2 - scale * left, (height - scale * high) / 2 - scale * top];
    if (frame < 0) return;
    const others = this.result.people.map((_, number) => number).filter((number) => number !== chosen);
    for (const number of [...others, chosen]) {
      const { overlay } = this.result.people[number];
      if (overlay) this.#draw(overlay, frame, { scale, dx, dy, ratio, colours, faint: number !== chosen });
    }
  }

  #draw(overlay, frame, { scale, dx, dy, ratio, colours, faint }) {
    const { context } = this;
    const { joints, bones, sides } = overlay.skeleton;
    const from = frame * joints.length;
    const at = (joint) => [
      overlay.keypoints[2 * (from + joint)] * scale + dx,
      overlay.keypoints[2 * (from + joint) + 1] * scale + dy,
    ];
    const points = joints.map((_, joint) => at(joint));
    const width = boneWidth(points, context.canvas.height, ratio);
    const strokes = bones
      .map(([a, b]) => ({
        start: points[a],
        end: points[b],
        colour: colours[sides[b]],
        guess: Math.min(overlay.confidence[from + a], overlay.confidence[from + b]) < this.sure,
      }))
      .filter(({ start, end }) => Number.isFinite(start[0] + start[1] + end[0] + end[1]));
    context.lineCap = "round";
    context.globalAlpha = faint && this.withVideo ? FAINT : 1;
    const draw = ({ start, end, guess }, colour, factor) => {
      context.strokeStyle = colour;
      context.lineWidth = width * (guess ? 0.7 : 1) * factor;
      context.beginPath();
      context.moveTo(...start);
      context.lineTo(...end);
      context.stroke();
    };
    if (this.withVideo) strokes.forEach((stroke) => draw(stroke, "#ffffff", 1.6));
    const paper = this.withVideo ? "#ffffff" : colours.backdrop;
    for (const stroke of strokes) {
      const colour = faint && !this.withVideo ? mixed(stroke.colour, FAINT, paper) : stroke.colour;
      draw(stroke, stroke.guess ? mixed(colour, this.pale, paper) : colour, 1);
    }
    context.globalAlpha = 1;
  }
}

function boneWidth(points, height, ratio) {
  const there = points.filter(([x, y]) => Number.isFinite(x + y));
  const extent = (axis) => Math.max(...there.map((p) => p[axis])) - Math.min(...there.map((p) => p[axis]));
  const person = there.length ? Math.max(extent(0), extent(1)) : 0;
  return Math.max(2.5 * ratio, Math.min(BONE_OF_PERSON * person, BONE_OF_PICTURE * height));
}
