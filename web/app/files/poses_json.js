// poses.json: the layout is described in ampose/files/poses/json_file.py.
import { detected, lifted, mapping, poseFiles as constants } from "../generated/tables.js";

const asDict = ({ name, parents, pairs }) => ({ name, parents, pairs });

// Half to even, as NumPy rounds; null for what is missing.
export function rounded(value, digits) {
  if (!Number.isFinite(value)) return null;
  const [scaled, scale] = [value * 10 ** digits, 10 ** digits];
  const whole = Math.round(scaled);
  return (whole - scaled === 0.5 && whole % 2 ? whole - 1 : whole) / scale;
}

const numbers = (values, digits) => Array.from(values, (value) => rounded(value, digits));

function tuples(values, size, digits) {
  const all = numbers(values, digits);
  const each = Array.from({ length: all.length / size }, (_, number) => all.slice(number * size, (number + 1) * size));
  return each.map((tuple) => (tuple.includes(null) ? null : tuple));
}

function rowOf(person, frame, time) {
  const { DIGITS_M, DIGITS_PX, DIGITS_CONFIDENCE } = constants;
  return {
    frame,
    time,
    positions: person && tuples(person.positions, 3, DIGITS_M),
    confidence: person && numbers(person.confidence, DIGITS_CONFIDENCE),
    expected_error: person && numbers(person.expectedError, DIGITS_M),
    keypoints_2d: person && tuples(person.keypoints, 2, DIGITS_PX),
    confidence_2d: person && numbers(person.confidence2d, DIGITS_CONFIDENCE),
  };
}

// The file's text.
export function jsonOf(recording, people) {
  const { times, rate, size } = recording;
  const header = {
    format: constants.FORMAT,
    version: constants.VERSION,
    unit: constants.UNIT,
    frame_of_reference: constants.FRAME_OF_REFERENCE,
    fps: rate,
    uneven_times: rate !== null,
    num_frames: times.length,
    skeleton: asDict(lifted),
    joints: lifted.joints,
    parents: Object.values(lifted.parents),
    made_up: mapping.madeUp,
    image_size: size,
    skeleton_2d: asDict(detected),
    joints_2d: detected.joints,
    provenance: recording.provenance,
  };
  const time = (frame) => (rate === null ? null : times[frame]);
  const fields = Object.entries(header).map(([name, value]) => ` ${JSON.stringify(name)}: ${JSON.stringify(value)},`);
  const rows = ({ frames }) => frames.map((person, frame) => `   ${JSON.stringify(rowOf(person, frame, time(frame)))}`).join(",\n");
  const entries = people.map((person) => `  {"id": ${person.id}, "frames": [\n${rows(person)}\n  ]}`).join(",\n");
  return ["{", ...fields, ` "people": [\n${entries}\n ]`, "}", ""].join("\n");
}
