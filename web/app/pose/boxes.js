// Boxes around people, [left, top, right, bottom] in pixels, and how much they have in common: ampose/poses/boxes.py.

export function boundingBox(points) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box;
}

const areaOf = ([left, top, right, bottom]) => (right - left) * (bottom - top);

function sharedArea(first, second) {
  const wide = Math.min(first[2], second[2]) - Math.max(first[0], second[0]);
  const high = Math.min(first[3], second[3]) - Math.max(first[1], second[1]);
  return Math.max(wide, 0) * Math.max(high, 0);
}

export function intersectionOverUnion(first, second) {
  const shared = sharedArea(first, second);
  return shared / Math.max(areaOf(first) + areaOf(second) - shared, 1e-9);
}

// How much of a box's area lies in the other.
export const shareWithin = (box, other) => sharedArea(box, other) / Math.max(areaOf(box), 1e-9);
