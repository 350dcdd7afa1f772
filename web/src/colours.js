// A part of the first colour and the rest of the second; both are #rrggbb, and so is the mixture.
export function mixed(first, part, second) {
  const channel = (colour, at) => parseInt(colour.slice(at, at + 2), 16);
  const mix = (at) => Math.round(part * channel(first, at) + (1 - part) * channel(second, at));
  return `#${[1, 3, 5].map((at) => mix(at).toString(16).padStart(2, "0")).join("")}`;
}
