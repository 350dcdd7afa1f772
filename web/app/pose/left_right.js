// One person's left/right swaps, told frame by frame, by what came before alone: ampose/processing/left_right.py.
import { detected, leftRight as constants } from "../generated/tables.js";
import { boundingBox } from "./boxes.js";

const order = detected.flipOrder;
const paired = order.map((_, joint) => joint).filter((joint) => order[joint] !== joint);

export const swapped = ({ keypoints, confidence }) => ({
  keypoints: order.map((joint) => keypoints[joint]),
  confidence: order.map((joint) => confidence[joint]),
});

const extent = (points) => {
  const [left, top, right, bottom] = boundingBox(points);
  return Math.max(right - left, bottom - top);
};

// What a step costs: to stay as the frame before, to change, and to be swapped at its end.
function costs(before, after, seconds) {
  const size = Math.max(extent(before), extent(after), 1e-6);
  const moved = (pick) =>
    paired.reduce((sum, joint) => {
      const [from, to] = [before[joint], after[pick(joint)]];
      return sum + Math.hypot(to[0] - from[0], to[1] - from[1]) / size;
    }, 0) / paired.length;
  const [straight, crossed] = [moved((joint) => joint), moved((joint) => order[joint])];
  const price = constants.PRICE * Math.min(seconds, constants.LONGEST_STEP);
  // A cut, another person, or too long a gap: both are free, so that the past has no say in what follows.
  if (!(Math.min(straight, crossed) < constants.FAR) || seconds > constants.LONGEST_STEP) return [0, 0, price];
  return [straight, crossed + constants.MARGIN, price];
}

export class LiveLeftRight {
  constructor() {
    Object.assign(this, { soFar: [0, constants.PRICE], before: null }); // the first frame is believed
  }

  // Whether left and right of the next frame are swapped; a swap that goes on is believed for a second or two only.
  step(keypoints, seconds) {
    if (this.before) {
      const [stay, change, price] = costs(this.before.keypoints, keypoints, seconds - this.before.seconds);
      const [asGiven, asSwapped] = this.soFar;
      const next = [Math.min(asGiven + stay, asSwapped + change), Math.min(asGiven + change, asSwapped + stay) + price];
      this.soFar = next.map((cost) => cost - Math.min(...next)); // only the difference counts: it must not grow for ever
    }
    this.before = { keypoints, seconds };
    return this.soFar[1] < this.soFar[0];
  }
}
