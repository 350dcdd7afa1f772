// Who is followed from frame to frame: which regions are new, and which poses show one person:
// ampose/detectors/blazepose/following.py.
import { following as constants } from "../generated/tables.js";
import { boundingBox, shareWithin } from "./boxes.js";

const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

// The regions in which nobody is followed yet.
export const newcomers = (found, known) =>
  found.filter((region) =>
    known.every((other) => apart(region.centre, other.centre) >= constants.SAME_PLACE * Math.max(region.size, other.size)),
  );

// The numbers of those who differ: of several poses of one person the surest, in the order that they had.
// people: [{ points: the joints in pixels, size: of the region, person: how sure, followed: whether they were there }]
export function distinct(people) {
  const boxes = people.map(({ points }) => boundingBox(points));
  const order = people.map((_, number) => number);
  order.sort((a, b) => people[b].followed - people[a].followed || people[b].person - people[a].person || a - b);
  const chosen = [];
  for (const number of order) {
    const { points, size, followed } = people[number];
    if (chosen.length) {
      // Each joint counts by the nearest of that name, of whomever it is: where people touch, one may be made of two.
      const nearest = points.map((point, joint) => Math.min(...chosen.map((other) => apart(point, people[other].points[joint]))));
      if (nearest.reduce((sum, away) => sum + away, 0) / nearest.length <= constants.SAME_POSE * size) continue;
    }
    const inside = (other) =>
      shareWithin(boxes[number], boxes[other]) > constants.WITHIN && size > constants.NOT_SMALLER * people[other].size;
    if (!followed && chosen.some(inside)) continue;
    chosen.push(number);
  }
  return chosen.sort((a, b) => a - b);
}
