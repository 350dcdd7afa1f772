// From joint positions to joint rotations on bones of constant length: ampose/processing/kinematics.py, which says how
// a bone's twist is found, of what a body of the lifter's joints needs. Axes: x to the body's left at rest, y up, z to the front.
import { kinematics as constants, lifted } from "../generated/tables.js";
import { UNTURNED, about, after, cross, dot, inverse, length, minus, perpendicular, shortestArc, times, turn, unit } from "./rotations.js";

const [X, Y, Z] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
const { joints, parents, sides } = lifted;
const parentOf = joints.map((joint) => (parents[joint] === null ? -1 : joints.indexOf(parents[joint])));
const childrenOf = joints.map((_, joint) => joints.map((_, at) => at).filter((at) => parentOf[at] === joint));
const ROOT = parentOf.indexOf(-1);
const SIGN = { left: 1, right: -1, middle: 0 };
const onBothSides = (children) => ["left", "right"].every((side) => children.some((at) => sides[at] === side));
const mainChild = (children) => children.find((at) => sides[at] === "middle") ?? children[0];

function restDirection(joint) {
  const stem = joints[joint].replace(/^(left|right)_/, "");
  return constants.REST[stem] ?? { left: X, right: times(X, -1), middle: Y }[sides[joint]];
}

// frames: for each frame the joints, [x, y, z] in metres, y up, or null without the person (the last pose is held).
// Returns { rig: [{ name, parent, offset }], rotations: for each of the rig one quaternion a frame, root: places }.
export function solve(frames, rate) {
  const known = heldOver(frames);
  const bones = joints.map((_, joint) => boneOf(known, joint));
  const lengths = joints.map((_, joint) => (joint === ROOT ? 0 : medianLength(frames, joint)));
  const turned = boneRotations(bones, rate);
  return { ...rigged(turned, bones, lengths), root: known.map((frame) => frame[ROOT]) };
}

function heldOver(frames) {
  let last = frames.find(Boolean);
  return frames.map((frame) => (last = frame ?? last));
}

// The direction of the bone that ends in a joint, in each frame.
function boneOf(frames, joint) {
  let last = null;
  const rest = restDirection(joint);
  const found = frames.map((frame) => {
    const along = minus(frame[joint], frame[Math.max(parentOf[joint], 0)]);
    if (joint !== ROOT && length(along) > 1e-9) last = unit(along);
    return last;
  });
  const first = found.find(Boolean) ?? rest;
  return found.map((direction) => direction ?? first);
}

function medianLength(frames, joint) {
  const all = frames.filter(Boolean).map((frame) => length(minus(frame[joint], frame[parentOf[joint]])));
  all.sort((a, b) => a - b);
  const middle = all.length >> 1;
  return all.length % 2 ? all[middle] : (all[middle - 1] + all[middle]) / 2;
}

// Every joint's rotation from rest, in the axes of the world; a joint without children turns as its parent.
function boneRotations(bones, rate) {
  const turned = [];
  const descend = (joint) => {
    const parent = turned[parentOf[joint]] ?? bones[joint].map(() => UNTURNED);
    const children = childrenOf[joint];
    if (!children.length) turned[joint] = parent;
    else {
      const main = mainChild(children);
      const rest = restDirection(main);
      const carried = transported(rest, bones[main]);
      const votes = carried.map((frame, at) => {
        const own = voteOfParent(frame, rest, bones[main][at], parent[at]);
        const others = voteOfChildren(joint, frame, bones, at);
        return [own[0] + others[0], own[1] + others[1]];
      });
      const heading = onBothSides(children);
      const memory = (heading ? constants.HEADING_MEMORY_S : constants.MEMORY_S) * rate;
      const twist = limited(averaged(votes, memory), (heading ? constants.FASTEST_HEADING : constants.FASTEST_TWIST) / rate);
      turned[joint] = carried.map((frame, at) => after(frame, about(rest, twist[at])));
    }
    children.forEach(descend);
  };
  descend(ROOT);
  return turned;
}

// Frames that follow a direction over time and never twist about it (parallel transport).
function transported(rest, directions) {
  const frames = [shortestArc(rest, directions[0])];
  for (let at = 1; at < directions.length; at++) {
    frames.push(unit(after(shortestArc(directions[at - 1], directions[at]), frames[at - 1])));
  }
  return frames;
}

// By how much to twist a frame about the bone so that `across` points as `towards`: a complex number, whose angle is the
// twist and whose size says how well it is defined.
function twistTowards(carried, rest, across, towards) {
  const square = minus(across, times(rest, dot(across, rest)));
  if (length(square) < 0.1) return [0, 0]; // within 6 degrees of the bone: shows no twist
  const [first, local] = [unit(square), turn(inverse(carried), towards)];
  return [dot(local, first), dot(local, cross(rest, first))];
}

// The twist of the shortest turn from the parent: what a relaxed joint does, where nothing else shows it.
function voteOfParent(carried, rest, direction, parent) {
  const start = turn(parent, rest);
  const across = perpendicular(rest);
  const unturned = after(shortestArc(start, direction), parent);
  const trust = (constants.PRIOR * (1 + dot(start, direction))) / 2;
  return times(twistTowards(carried, rest, across, turn(unturned, across)), trust);
}

// The twist that the joints further out show; the larger the number, the better it is defined.
function voteOfChildren(joint, carried, bones, at) {
  const children = childrenOf[joint];
  const main = mainChild(children);
  const rest = restDirection(main);
  if (onBothSides(children)) {
    // Pelvis and chest: from the right child to the left one is x at rest.
    const weights = children.map((child) => SIGN[sides[child]]);
    const across = [0, 1, 2].map((axis) => children.reduce((total, child, number) => total + (weights[number] * bones[child][at][axis]) / 2, 0));
    return twistTowards(carried, rest, X, across);
  }
  const grandchildren = childrenOf[main];
  if (!grandchildren.length || sides[joint] === "middle") return [0, 0]; // a spine is no hinge
  // Thigh and upper arm: a knee bends the shank backward, an elbow the forearm forward.
  const bend = twistTowards(carried, rest, joints[main].includes("knee") ? times(Z, -1) : Z, bones[mainChild(grandchildren)][at]);
  return times(bend, length(bend)); // squared: a nearly straight limb points anywhere
}

// Averaged over time, with weights that fall exponentially on both sides; angles.
function averaged(votes, frames) {
  const keep = Math.exp(-1 / Math.max(frames, 1e-3));
  const [forward, backward] = [votes.map((vote) => [...vote]), votes.map((vote) => [...vote])];
  for (let at = 1; at < votes.length; at++) {
    for (const part of [0, 1]) {
      forward[at][part] += keep * forward[at - 1][part];
      backward[votes.length - 1 - at][part] += keep * backward[votes.length - at][part];
    }
  }
  const total = (at, part) => forward[at][part] + backward[at][part] - votes[at][part];
  return votes.map((_, at) => Math.atan2(total(at, 1), total(at, 0)));
}

// By the shorter way round and by no more than a step a frame: no limb flips over at once.
function limited(angles, step) {
  let last = angles[0];
  return angles.map((angle) => {
    const change = Math.atan2(Math.sin(angle - last), Math.cos(angle - last));
    last += Math.min(Math.max(change, -step), step);
    return last;
  });
}

// Pivots are added, and rotations in the axes of the world become those against the parent.
function rigged(turned, bones, lengths) {
  const [rig, inWorld] = [[], []];
  const add = (name, parent, offset, rotations) => {
    inWorld.push(rotations);
    return rig.push({ name, parent, offset }) - 1;
  };
  const descend = (joint, parent) => {
    const here = add(joints[joint], parent, times(restDirection(joint), lengths[joint]), turned[joint]);
    const main = mainChild(childrenOf[joint]);
    for (const child of childrenOf[joint]) {
      // The joint points its main child; each other one is swung from where that leaves it to where it is.
      const swing = (rotation, at) => after(shortestArc(turn(rotation, restDirection(child)), bones[child][at]), rotation);
      const pivot = joints[child] + constants.PIVOT;
      descend(child, child === main ? here : add(pivot, here, [0, 0, 0], turned[joint].map(swing)));
    }
  };
  descend(ROOT, -1);
  const againstParent = ({ parent }, number) =>
    parent < 0 ? inWorld[number] : inWorld[number].map((rotation, at) => after(inverse(inWorld[parent][at]), rotation));
  return { rig, rotations: rig.map(againstParent) };
}
