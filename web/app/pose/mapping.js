// From the detector's joints to the lifter's, each a weighted sum: ampose/poses/skeletons/mappings.py.
import { lifted, mapping } from "../generated/tables.js";

const guessed = lifted.joints.map((joint) => mapping.guessed.includes(joint));

export const mapPoints = (keypoints) =>
  mapping.rows.map((row) => [0, 1].map((axis) => row.reduce((sum, [joint, weight]) => sum + weight * keypoints[joint][axis], 0)));

// What the network sees: it infers better what a mapping can only guess.
export const seenPoints = (keypoints) => mapPoints(keypoints).map((point, joint) => (guessed[joint] ? [NaN, NaN] : point));

// A joint is as sure as the least sure one that it needs.
export const mapConfidence = (confidence) => mapping.rows.map((row) => Math.min(...row.map(([joint]) => confidence[joint])));
