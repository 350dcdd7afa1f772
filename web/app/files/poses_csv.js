// A table with a row for each frame of each person: ampose/files/poses/table_columns.py says what the columns are.
import { lifted, poseFiles } from "../generated/tables.js";
import { rounded } from "./poses_json.js";

const { DIGITS_M, DIGITS_CONFIDENCE, DIGITS_S } = poseFiles.CSV;
const OF_JOINT = ["_x_m", "_y_m", "_z_m", "_confidence", "_expected_error_m"];

function cellsOf({ positions, confidence, expectedError }, joint) {
  const place = [0, 1, 2].map((axis) => rounded(positions[3 * joint + axis], DIGITS_M));
  return [...place, rounded(confidence[joint], DIGITS_CONFIDENCE), rounded(expectedError[joint], DIGITS_M)];
}

export function csvOf({ times, rate }, people) {
  const header = ["person", "frame", "time_s", ...lifted.joints.flatMap((joint) => OF_JOINT.map((ending) => joint + ending))];
  const rows = people.flatMap(({ id, frames }) =>
    frames.map((person, frame) => [
      id,
      frame,
      rate === null ? null : rounded(times[frame], DIGITS_S),
      ...lifted.joints.flatMap((_, joint) => (person ? cellsOf(person, joint) : OF_JOINT.map(() => null))),
    ]),
  );
  return [header, ...rows].map((row) => `${row.map((cell) => cell ?? "").join(",")}\n`).join("");
}
