// Vectors and rotations: unit quaternions [x, y, z, w].

export const minus = (a, b) => a.map((part, axis) => part - b[axis]);
export const times = (vector, factor) => vector.map((part) => part * factor);
export const dot = (a, b) => a.reduce((sum, part, axis) => sum + part * b[axis], 0);
export const cross = ([a, b, c], [d, e, f]) => [b * f - c * e, c * d - a * f, a * e - b * d];
export const length = (vector) => Math.hypot(...vector);
export const unit = (vector) => times(vector, 1 / length(vector));

export const UNTURNED = [0, 0, 0, 1];

// The rotation by the second, then by the first.
export const after = ([x, y, z, w], [a, b, c, d]) => [
  w * a + x * d + y * c - z * b,
  w * b - x * c + y * d + z * a,
  w * c + x * b - y * a + z * d,
  w * d - x * a - y * b - z * c,
];

export const inverse = ([x, y, z, w]) => [-x, -y, -z, w];

export function turn(quaternion, vector) {
  const axis = quaternion.slice(0, 3);
  const twice = times(cross(axis, vector), 2);
  const once = cross(axis, twice);
  return vector.map((part, at) => part + quaternion[3] * twice[at] + once[at]);
}

export const about = (axis, angle) => [...times(axis, Math.sin(angle / 2)), Math.cos(angle / 2)];

// A unit vector at right angles, from the axis that is farthest from being parallel.
export function perpendicular(vector) {
  const sizes = vector.map(Math.abs);
  const farthest = sizes.indexOf(Math.min(...sizes));
  return unit(cross(vector, [0, 1, 2].map((axis) => Number(axis === farthest))));
}

// The rotation by the smallest angle between unit vectors; for a half turn, about some axis.
export function shortestArc(start, end) {
  const cosine = dot(start, end);
  if (cosine < -1 + 1e-9) return [...perpendicular(start), 0];
  return unit([...cross(start, end), 1 + cosine]);
}

// Degrees of R = Rz Rx Ry; where X is a quarter turn, Z does Y's part too.
export function zxy([x, y, z, w]) {
  const degrees = (radians) => (radians * 180) / Math.PI;
  const sine = Math.min(Math.max(2 * (y * z + x * w), -1), 1);
  if (Math.abs(sine) > 1 - 1e-14) {
    return [degrees(Math.atan2(2 * (x * y + z * w), 1 - 2 * (y * y + z * z))), degrees(Math.asin(sine)), 0];
  }
  const first = Math.atan2(-2 * (x * y - z * w), 1 - 2 * (x * x + z * z));
  const third = Math.atan2(-2 * (x * z - y * w), 1 - 2 * (x * x + y * y));
  return [degrees(first), degrees(Math.asin(sine)), degrees(third)];
}
