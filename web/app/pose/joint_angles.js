// Joint angles in degrees: what each is, says ampose/poses/joint_angles.py. The camera is taken to be level.
import { jointAngles as constants, lifted } from "../generated/tables.js";

const minus = (a, b) => a.map((part, axis) => part - b[axis]);
const dot = (a, b) => a.reduce((sum, part, axis) => sum + part * b[axis], 0);
const cross = ([a, b, c], [d, e, f]) => [b * f - c * e, c * d - a * f, a * e - b * d];
const unit = (vector) => vector.map((part) => part / (Math.hypot(...vector) || NaN));
const degrees = (radians) => (radians * 180) / Math.PI;

// Accurate also where the vectors are nearly parallel.
const between = (a, b) => degrees(Math.atan2(Math.hypot(...cross(a, b)), dot(a, b)));

const BY = {
  bend: (start, middle, end) => between(minus(middle, start), minus(end, middle)),
  lean: (hip, thorax) => between(minus(thorax, hip), [0, -1, 0]),
  // In the sagittal plane, between -90 (far back) and 270 degrees (over the head and further).
  swing(hip, thorax, left, right, joint, end) {
    const trunk = unit(minus(thorax, hip));
    const across = minus(left, right);
    const square = unit(minus(across, trunk.map((part) => part * dot(across, trunk))));
    const limb = unit(minus(end, joint));
    const [ahead, down] = [dot(limb, cross(square, trunk)), -dot(limb, trunk)];
    if (!(Math.hypot(ahead, down) >= constants.SIDEWAYS)) return NaN; // to the side: forward or backward says nothing
    return ((((degrees(Math.atan2(ahead, down)) + 90) % 360) + 360) % 360) - 90;
  },
};

const RECIPES = Object.entries(constants.ANGLES).map(([name, { by, joints }]) => [
  name,
  BY[by],
  joints.map((joint) => lifted.joints.indexOf(joint)),
]);

export const ANGLE_NAMES = RECIPES.map(([name]) => name);

// Each angle by its name, of flat positions in metres.
export function anglesOf(positions) {
  const at = (joint) => [0, 1, 2].map((axis) => positions[3 * joint + axis]);
  return Object.fromEntries(RECIPES.map(([name, by, joints]) => [name, by(...joints.map(at))]));
}
