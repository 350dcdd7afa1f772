// BlazePose's landmark network: the joints of the person in a region, and two points for the region of the next frame:
// ampose/detectors/blazepose/landmark_network.py.
import { landmarkNetwork as constants } from "../generated/tables.js";
import { logistic } from "./logistic.js";
import { regionFromPoints } from "./regions.js";

export const { SIDE, NUM_JOINTS } = constants;
const NUMBERS = 5; // of a point: x, y, z, and logits of visible and present

// Points in the region, 0 to 1 on both axes, how likely each is right, and how likely there is a person, of the
// region of this number. outputs: { landmarks, presence, heat_maps }, flat; rows: of a heat map.
export function readLandmarks({ landmarks, presence, heat_maps }, number, rows) {
  const place = constants.NUM_POINTS * rows * rows;
  const heat = heat_maps.subarray(number * place, (number + 1) * place);
  const [points, confidence] = [[], []];
  for (let point = 0; point < constants.NUM_POINTS; point++) {
    const at = (number * constants.NUM_POINTS + point) * NUMBERS;
    const regressed = [landmarks[at] / SIDE, landmarks[at + 1] / SIDE];
    points.push(refined(regressed, heat.subarray(point * rows * rows, (point + 1) * rows * rows), rows));
    confidence.push(confidenceOf(landmarks[at + 3], landmarks[at + 4]));
  }
  return { points, confidence, person: presence[number] };
}

function confidenceOf(visible, present) {
  const { SUREST, WEIGHT_VISIBLE, WEIGHT_PRESENT, OFFSET } = constants;
  return SUREST * logistic(WEIGHT_VISIBLE * visible + WEIGHT_PRESENT * present + OFFSET);
}

// The middle of the heat around a point; where no place is hot, the point stays.
export function refined(point, heat, rows) {
  const [column, row] = point.map((part) => Math.trunc(part * rows));
  let [total, hottest, sumX, sumY] = [0, 0, 0, 0];
  for (let y = row - constants.REACH; y <= row + constants.REACH; y++) {
    for (let x = column - constants.REACH; x <= column + constants.REACH; x++) {
      if (x < 0 || y < 0 || x >= rows || y >= rows) continue;
      const value = logistic(heat[y * rows + x]);
      hottest = Math.max(hottest, value);
      total += value;
      sumX += value * x;
      sumY += value * y;
    }
  }
  return hottest >= constants.LEAST_HEAT ? [sumX / total / rows, sumY / total / rows] : point;
}

// Where to look for a person in the next frame, by their points in pixels.
export const nextRegion = (points) => regionFromPoints(points[constants.HIPS], points[constants.TOP]);
