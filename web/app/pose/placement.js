// Where in front of the camera a person stands: the shift under which the pose falls nearest to its keypoints, by linear
// least squares in metres, weighted by confidence: ampose/processing/placement.py, without its refinement in pixels.
import { mapPoints } from "./mapping.js";

// [x, y, z] of the root in metres; null where it would lie behind the camera.
export function rootPlace({ keypoints, positions, confidence }, [focalX, focalY, centreX, centreY]) {
  const pairs = Array.from({ length: keypoints.length / 2 }, (_, joint) => [keypoints[2 * joint], keypoints[2 * joint + 1]]);
  // The normal equations of X + tx = u (Z + tz) and Y + ty = v (Z + tz): [sum of w, -wu, -wv, w (u u + v v)] and moments.
  let [w, wu, wv, wz, mx, my, mz] = [0, 0, 0, 0, 0, 0, 0];
  mapPoints(pairs).forEach(([x, y], joint) => {
    const [u, v, weight] = [(x - centreX) / focalX, (y - centreY) / focalY, confidence[joint]];
    const [X, Y, Z] = positions.subarray(3 * joint, 3 * joint + 3);
    const [right, down] = [u * Z - X, v * Z - Y];
    w += weight;
    wu += weight * u;
    wv += weight * v;
    wz += weight * (u * u + v * v);
    mx += weight * right;
    my += weight * down;
    mz -= weight * (u * right + v * down);
  });
  const depth = (mz + (wu * mx + wv * my) / w) / (wz - (wu * wu + wv * wv) / w);
  return depth > 0 ? [(mx + wu * depth) / w, (my + wv * depth) / w, depth] : null;
}
