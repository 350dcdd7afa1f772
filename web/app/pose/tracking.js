// Telling several people apart over time: which person of this frame is which of the last: ampose/processing/tracking.py.
import { tracking as constants } from "../generated/tables.js";
import { assign } from "./assignment.js";
import { boundingBox, intersectionOverUnion } from "./boxes.js";

const sizeOf = (points) => {
  const [left, top, right, bottom] = boundingBox(points);
  return Math.max(1, right - left, bottom - top);
};

const centreOf = (points) => {
  const [left, top, right, bottom] = boundingBox(points);
  return [(left + right) / 2, (top + bottom) / 2];
};

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

class Tracked {
  constructor(id, last, seconds) {
    Object.assign(this, { id, last, seconds, velocity: [0, 0] });
  }

  // Where the joints should be by now: the integral of a speed that fades, as nobody walks on for ever when hidden.
  expected(seconds) {
    const fading = constants.FADING_SECONDS;
    const reach = fading * (1 - Math.exp(-(seconds - this.seconds) / fading));
    return this.last.keypoints.map(([x, y]) => [x + this.velocity[0] * reach, y + this.velocity[1] * reach]);
  }

  update(detection, seconds) {
    const passed = seconds - this.seconds;
    if (passed > 0) {
      const share = 1 - Math.exp(-passed / constants.MEMORY_SECONDS); // the same memory at any frame rate
      // The median joint moves as the body does: swinging arms and single mistakes do not count.
      const moved = (axis) => median(detection.keypoints.map((point, joint) => point[axis] - this.last.keypoints[joint][axis]));
      this.velocity = this.velocity.map((speed, axis) => (1 - share) * speed + (share * moved(axis)) / passed);
    }
    Object.assign(this, { last: detection, seconds });
  }
}

export class Tracker {
  constructor() {
    Object.assign(this, { tracked: [], nextId: 0, seconds: -Infinity });
  }

  // An id for each of a frame's people, in their order. New people are numbered by their size.
  step(detections, seconds) {
    this.tracked = this.tracked.filter((person) => seconds - person.seconds <= constants.KEEP_SECONDS);
    const people = new Map(); // number of the detection -> person
    const pair = (tracked, numbers, value, least) => {
      for (const [row, column] of pairs(tracked, numbers, value, least)) people.set(numbers[column], tracked[row]);
    };
    const all = detections.map((_, number) => number);
    // Somebody who was not found in the frame before counts less than one who was.
    const share = (person) => (person.seconds < this.seconds ? constants.HIDDEN_LIKENESS : 1);
    const alike = (person, number) => share(person) * likeness(person, detections[number], seconds);
    pair(this.tracked, all, alike, constants.LEAST_LIKENESS);
    // Who is left over: nearness alone, with a reach that grows with the time that passed.
    const known = new Set(people.values());
    const lost = this.tracked.filter((person) => !known.has(person));
    const leftOver = all.filter((number) => !people.has(number));
    pair(lost, leftOver, (person, number) => nearness(person, detections[number], seconds), 0);
    for (const [number, person] of people) person.update(detections[number], seconds);
    const size = (number) => sizeOf(detections[number].keypoints);
    const fresh = leftOver.filter((number) => !people.has(number)).sort((a, b) => size(b) - size(a));
    for (const number of fresh) {
      people.set(number, new Tracked(this.nextId++, detections[number], seconds));
      this.tracked.push(people.get(number));
    }
    this.seconds = seconds;
    return all.map((number) => people.get(number).id);
  }
}

// The pairs with the largest sum of values. What is worth too little is worth nothing: else one hopeless pair could
// cost two others their best match.
function pairs(tracked, numbers, value, least) {
  const values = tracked.map((person) => numbers.map((number) => value(person, number)));
  const worth = values.map((row) => row.map((each) => (each > least ? each : 0)));
  return assign(worth).filter(([row, column]) => values[row][column] > least);
}

// The mean of keypoint similarity and overlap of the boxes, each 0 to 1.
function likeness(person, { keypoints, confidence }, seconds) {
  const expected = person.expected(seconds);
  const width = constants.JOINT_WIDTH * sizeOf(expected);
  let [similarity, total] = [0, 0];
  expected.forEach(([x, y], joint) => {
    const distance = Math.hypot(x - keypoints[joint][0], y - keypoints[joint][1]) / width;
    const weight = person.last.confidence[joint] * confidence[joint] + 1e-6; // some even where all confidences are 0
    similarity += Math.exp(-(distance ** 2) / 2) * weight;
    total += weight;
  });
  return (similarity / Math.max(total, 1e-12) + intersectionOverUnion(boundingBox(expected), boundingBox(keypoints))) / 2;
}

// 1 for who is where the person was, falling to 0 at the end of their reach; below: out of reach.
function nearness(person, { keypoints }, seconds) {
  const size = sizeOf(person.last.keypoints);
  const ratio = sizeOf(keypoints) / size;
  if (!(1 / constants.SIZE_RATIO < ratio && ratio < constants.SIZE_RATIO)) return -1;
  const [x, y] = centreOf(keypoints);
  const reach = Math.min(constants.REACH + constants.REACH_PER_SECOND * (seconds - person.seconds), constants.FARTHEST) * size;
  // Where they were last counts as well as where they should be: whoever is hidden may have stopped.
  const places = [centreOf(person.last.keypoints), centreOf(person.expected(seconds))];
  return 1 - Math.min(...places.map((place) => Math.hypot(x - place[0], y - place[1]))) / reach;
}
