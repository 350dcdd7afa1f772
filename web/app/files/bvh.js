// One person as a hierarchy and a row of angles for each frame: ampose/files/poses/bvh_file.py.
import { lifted, poseFiles } from "../generated/tables.js";
import { solve } from "./kinematics.js";
import { times, zxy } from "./rotations.js";

const { ROTATIONS, POSITIONS } = poseFiles.BVH;
const numbers = (values) => values.map((value) => value.toFixed(6)).join(" ");

// From camera axes to y up: a turn about x, so that left stays left.
const upright = ({ positions }) => lifted.joints.map((_, joint) => {
  const [x, y, z] = positions.subarray(3 * joint, 3 * joint + 3);
  return [x, -y, -z];
});

export function bvhOf({ frames }, rate) {
  const motion = solve(frames.map((person) => person && upright(person)), rate ?? 1);
  const angles = motion.rotations.map((rotations) => unwrapped(rotations.map(zxy)));
  const rows = motion.root.map((place, frame) => numbers([...place, ...angles.flatMap((joint) => joint[frame])]));
  const head = ["HIERARCHY", ...hierarchy(motion.rig, 0, ""), "MOTION", `Frames: ${rows.length}`, `Frame Time: ${(1 / (rate ?? 1)).toFixed(9)}`];
  return [...head, ...rows, ""].join("\n");
}

// Angles go on over 180 degrees instead of leaping by a whole turn.
function unwrapped(angles) {
  const turns = [0, 0, 0];
  return angles.map((now, frame) =>
    now.map((angle, axis) => {
      if (frame) turns[axis] -= 360 * Math.round((angle - angles[frame - 1][axis]) / 360);
      return angle + turns[axis];
    }),
  );
}

function hierarchy(rig, joint, indent) {
  const { name, parent, offset } = rig[joint];
  const inner = `${indent}  `;
  const children = rig.flatMap((other, number) => (other.parent === joint ? hierarchy(rig, number, inner) : []));
  // A tip, a fifth of the bone long, to be seen.
  const tip = [`${inner}End Site`, `${inner}{`, `${inner}  OFFSET ${numbers(times(offset, 1 / 5))}`, `${inner}}`];
  const kind = parent < 0 ? "ROOT" : "JOINT";
  const channels = parent < 0 ? `6 ${POSITIONS.join(" ")}` : "3";
  return [
    `${indent}${kind} ${name}`,
    `${indent}{`,
    `${inner}OFFSET ${numbers(offset)}`,
    `${inner}CHANNELS ${channels} ${ROTATIONS}`,
    ...(children.length ? children : tip),
    `${indent}}`,
  ];
}
