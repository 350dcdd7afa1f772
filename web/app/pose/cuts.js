// Where one shot of a video ends and the next begins: ampose/media/cuts.py.
import { cuts as constants } from "../generated/tables.js";

// The mean colours of an image's areas, from some pixels of each: three values each.
export function thumbnail({ data, width, height }) {
  const { GRID, SAMPLES } = constants;
  const size = GRID * SAMPLES;
  const sums = new Uint16Array(GRID ** 2 * 3);
  for (let row = 0; row < size; row++) {
    const y = Math.floor((row * height) / size);
    for (let column = 0; column < size; column++) {
      const from = 4 * (y * width + Math.floor((column * width) / size));
      const to = 3 * (Math.floor(row / SAMPLES) * GRID + Math.floor(column / SAMPLES));
      for (let channel = 0; channel < 3; channel++) sums[to + channel] += data[from + channel];
    }
  }
  return Uint8Array.from(sums, (sum) => Math.floor(sum / SAMPLES ** 2));
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function spread(values) {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / values.length);
}

// By how much two images differ, as a share of their contrast, by their thumbnails.
export function change(before, now) {
  const away = before.reduce((sum, value, number) => sum + Math.abs(value - now[number]), 0) / before.length;
  return away / (constants.NOISE + (spread(before) + spread(now)) / 2);
}

// Whether an image begins a shot, by how much it changes and how much the images before it did.
export const beginsShot = (now, before) => now > Math.max(constants.CUT, constants.PEAK * Math.max(0, ...before));
