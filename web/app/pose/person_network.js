// BlazePose's person detector: where somebody is, how large, and how they lean: ampose/detectors/blazepose/person_network.py.
import { personNetwork as constants } from "../generated/tables.js";
import { intersectionOverUnion } from "./boxes.js";
import { logistic } from "./logistic.js";

export const SIDE = constants.SIDE;
const NUMBERS = 2 * (2 + constants.NUM_POINTS); // of an anchor's box: centre, size, points

// The anchors' centres, in units of the image's side: row by row, maps of one stride together.
export function anchors() {
  const centres = [];
  for (const stride of [...new Set(constants.STRIDES)].sort((a, b) => a - b)) {
    const cells = Math.floor(SIDE / stride);
    const each = constants.ANCHORS_PER_CELL * constants.STRIDES.filter((other) => other === stride).length;
    for (let cell = 0; cell < cells * cells; cell++) {
      const centre = [((cell % cells) + 0.5) / cells, (Math.floor(cell / cells) + 0.5) / cells];
      for (let copy = 0; copy < each; copy++) centres.push(centre);
    }
  }
  return centres;
}

const ANCHORS = anchors();

// Everybody that the network answers with a score that is high enough, the surest first, each of them several times.
// boxes: 12 numbers an anchor, in pixels; scores: logits.
export function decode(boxes, scores) {
  const people = [];
  ANCHORS.forEach((anchor, number) => {
    const score = logistic(scores[number]);
    if (score < constants.LEAST_SCORE) return;
    const pair = (place) => [0, 1].map((axis) => boxes[number * NUMBERS + 2 * place + axis] / SIDE);
    const from = ([x, y]) => [x + anchor[0], y + anchor[1]];
    const [[x, y], [width, height]] = [from(pair(0)), pair(1)];
    const points = Array.from({ length: constants.NUM_POINTS }, (_, point) => from(pair(2 + point)));
    people.push({ box: [x - width / 2, y - height / 2, x + width / 2, y + height / 2], points, score });
  });
  return people.sort((a, b) => b.score - a.score);
}

// Everybody once: who overlaps with a surer one is averaged with that, weighted by the scores.
export function blend(people) {
  const [blended, done] = [[], new Set()];
  for (const surest of people) {
    if (done.has(surest)) continue;
    let group = people.filter(
      (other) => !done.has(other) && intersectionOverUnion(surest.box, other.box) > constants.SAME_PERSON,
    );
    if (!group.length) group = [surest]; // an empty box overlaps with nothing, not even itself
    group.forEach((person) => done.add(person));
    const total = group.reduce((sum, { score }) => sum + score, 0);
    const mean = (values) => values.reduce((sum, value, number) => sum + (value * group[number].score) / total, 0);
    blended.push({
      box: surest.box.map((_, side) => mean(group.map(({ box }) => box[side]))),
      points: surest.points.map((_, point) => [0, 1].map((axis) => mean(group.map(({ points }) => points[point][axis])))),
      score: surest.score,
    });
  }
  return blended;
}

// The middle of a person's hips and the top of the circle around the body.
export const circleOf = ({ points }) => [points[constants.HIPS], points[constants.TOP]];
