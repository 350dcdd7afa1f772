// A low pass whose cut-off rises with the speed (Casiez, Roussel and Vogel, CHI 2012): ampose/processing/smoothing.py.
import { oneEuro as settings } from "../generated/tables.js";

const share = (cutoff, step) => 1 / (1 + 1 / (2 * Math.PI * cutoff * step));

export class OneEuro {
  // The smoothed values; seconds must rise.
  update(values, seconds) {
    if (!this.values) {
      Object.assign(this, { values: Float64Array.from(values), speeds: new Float64Array(values.length), seconds });
      return Float64Array.from(values);
    }
    const step = seconds - this.seconds;
    const ofSpeed = share(settings.derivative_cutoff, step);
    values.forEach((value, number) => {
      const before = this.values[number];
      // Behind a gap there is nothing to average with.
      if (Number.isNaN(before + value)) [this.values[number], this.speeds[number]] = [value, 0];
      else {
        this.speeds[number] += ofSpeed * ((value - before) / step - this.speeds[number]);
        const cutoff = settings.min_cutoff + settings.beta * Math.abs(this.speeds[number]);
        this.values[number] = before + share(cutoff, step) * (value - before);
      }
    });
    this.seconds = seconds;
    return Float64Array.from(this.values);
  }
}
