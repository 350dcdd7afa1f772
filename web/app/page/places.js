// Where people stand on the floor, [x, z] in metres: one in the middle, several about it as the camera sees them.
import { cameraOf } from "../pose/camera.js";
import { rootPlace } from "../pose/placement.js";

const FARTHEST_M = 6; // from their middle: a person half seen may be placed anywhere

export function placesOf(people, [width, height], fieldOfView) {
  if (people.length < 2) return people.map(() => [0, 0]);
  const camera = cameraOf(width, height, fieldOfView);
  const roots = people.map((person) => rootPlace(person, camera) ?? [0, 0, 0]);
  const middle = (axis) => roots.reduce((sum, root) => sum + root[axis], 0) / roots.length;
  const within = (value) => Math.min(Math.max(value, -FARTHEST_M), FARTHEST_M);
  return roots.map((root) => [within(root[0] - middle(0)), within(middle(2) - root[2])]);
}
