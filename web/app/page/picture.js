// The image with the 2D skeletons over it.
import { common, lifted } from "../generated/tables.js";
import { mapPoints } from "../pose/mapping.js";
import { flatContext } from "./graphics.js";

const [BONE_OF_PERSON, LEAST_PX, HALO] = [0.02, 3, 1.7];

export class Picture {
  constructor(canvas) {
    Object.assign(this, { canvas, context: flatContext(canvas) });
  }

  // image: null keeps the one before; size: of the image in which the keypoints are.
  show(image, size, people, { mirrored, chosen, colours }) {
    const { canvas, context } = this;
    const ratio = Math.min(window.devicePixelRatio, 2);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((length) => Math.round(length * ratio));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const scale = Math.min(width / size[0], height / size[1]);
    const [left, top] = [(width - scale * size[0]) / 2, (height - scale * size[1]) / 2];
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.setTransform(mirrored ? -1 : 1, 0, 0, 1, mirrored ? width : 0, 0);
    if (image) context.drawImage(image, left, top, scale * size[0], scale * size[1]);
    for (const person of people) this.#draw(person, ([x, y]) => [x * scale + left, y * scale + top], person.id === chosen, colours);
  }

  #draw({ keypoints, confidence }, place, chosen, colours) {
    const { context } = this;
    const pairs = Array.from({ length: keypoints.length / 2 }, (_, joint) => [keypoints[2 * joint], keypoints[2 * joint + 1]]);
    const points = mapPoints(pairs).map(place);
    const extent = (axis) => Math.max(...points.map((point) => point[axis])) - Math.min(...points.map((point) => point[axis]));
    const wide = Math.max(LEAST_PX, BONE_OF_PERSON * Math.max(extent(0), extent(1)));
    const line = ([a, b], colour, width) => {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      context.moveTo(...points[a]);
      context.lineTo(...points[b]);
      context.stroke();
    };
    context.lineCap = "round";
    context.globalAlpha = chosen ? 0.9 : 0.55;
    lifted.bones.forEach((bone) => line(bone, "#ffffff", wide * HALO));
    context.globalAlpha = chosen ? 1 : 0.75;
    for (const bone of lifted.bones) {
      const sure = Math.min(...bone.map((joint) => confidence[joint])) >= common.sure;
      context.globalAlpha = (chosen ? 1 : 0.75) * (sure ? 1 : common.pale);
      line(bone, colours[lifted.sides[bone[1]]], wide);
    }
    context.globalAlpha = 1;
  }
}
