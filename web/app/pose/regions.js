// Regions: the square that a network looks at for one person, turned so that the person stands upright in it.
// As ampose/detectors/blazepose/regions.py. A region is { centre: [x, y], size: pixels, angle: radians, clockwise }.
import { regions as constants } from "../generated/tables.js";

// What one side to the right (u) and one side down (v) are in pixels.
function axesOf({ size, angle }) {
  const [cos, sin] = [size * Math.cos(angle), size * Math.sin(angle)];
  return { u: [cos, sin], v: [-sin, cos] };
}

// A point of the region, 0 to 1 on both axes, in pixels of the image.
export function toImage(region) {
  const { u, v } = axesOf(region);
  const [cx, cy] = region.centre;
  return ([x, y]) => [(x - 0.5) * u[0] + (y - 0.5) * v[0] + cx, (x - 0.5) * u[1] + (y - 0.5) * v[1] + cy];
}

// The region of a circle by its centre and the point right above the person's head, on the circle.
export function regionFromPoints(centre, edge) {
  const up = [edge[0] - centre[0], edge[1] - centre[1]];
  return { centre, size: 2 * constants.ROOM * Math.hypot(...up), angle: Math.atan2(up[0], -up[1]) };
}

export const wholeImage = (width, height) => ({
  centre: [width / 2, height / 2],
  size: Math.max(width, height),
  angle: 0,
});

// Upright squares, side by side, that cover an image together; none is smaller than an eighth of its longer side.
export function squares(width, height) {
  const side = Math.max(Math.min(width, height), Math.max(width, height) / 8);
  const count = Math.ceil(Math.max(width, height) / side);
  const middle = (length, number) =>
    length > side && count > 1 ? side / 2 + (number * (length - side)) / (count - 1) : length / 2;
  return Array.from({ length: count }, (_, number) => ({
    centre: [middle(width, number), middle(height, number)],
    size: side,
    angle: 0,
  }));
}

// What is in the regions, by bilinear interpolation, as (region, channel, side, side).
// image: { data: RGBA bytes, width, height }; beyond: the value outside the image, by default that of its nearest pixel;
// range: from a value to what the network takes.
export function cutOut(image, regions, side, { beyond = null, range }) {
  const size = 3 * side * side;
  const cut = new Float32Array(regions.length * size);
  regions.forEach((region, number) => cutOne(image, region, side, { cut: cut.subarray(number * size), beyond, range }));
  return cut;
}

// Single precision where Python has it, and in the same order: a region follows from the last one, and what rounding changes
// grows from frame to frame.
const f32 = Math.fround;

function cutOne({ data, width, height }, region, side, { cut, beyond, range }) {
  const { u, v } = axesOf(region);
  const steps = Float32Array.from({ length: side }, (_, number) => f32(number / side) - 0.5);
  const along = (axis) => steps.map((step) => f32(f32(region.centre[axis]) + f32(f32(u[axis]) * step)));
  const [columnX, columnY, downX, downY] = [along(0), along(1), f32(v[0]), f32(v[1])];
  const [right, bottom, plane] = [width - 1, height - 1, side * side];
  const outside = beyond === null ? null : range(beyond);
  let at = 0;
  for (let row = 0; row < side; row++) {
    const [rowX, rowY] = [f32(downX * steps[row]), f32(downY * steps[row])];
    for (let column = 0; column < side; column++, at++) {
      let x = f32(columnX[column] + rowX);
      let y = f32(columnY[column] + rowY);
      if (outside !== null && (x < 0 || x > right || y < 0 || y > bottom)) {
        cut[at] = cut[at + plane] = cut[at + 2 * plane] = outside;
        continue;
      }
      x = x < 0 ? 0 : x > right ? right : x;
      y = y < 0 ? 0 : y > bottom ? bottom : y;
      const left = x | 0;
      const top = y | 0;
      const toRight = x - left;
      const toBottom = y - top;
      const both = toRight * toBottom;
      const w0 = 1 - toRight - toBottom + both;
      const w1 = toRight - both;
      const w2 = toBottom - both;
      const p0 = 4 * (top * width + left);
      const p1 = p0 + (left < right ? 4 : 0);
      const down = top < bottom ? 4 * width : 0;
      for (let channel = 0, p = p0, q = p1, to = at; channel < 3; channel++, p++, q++, to += plane) {
        const upper = f32(f32(w0 * data[p]) + w1 * data[q]);
        cut[to] = range(f32(f32(upper + w2 * data[p + down]) + both * data[q + down]));
      }
    }
  }
}
