import { cutOut } from "../../../web/app/pose/regions.js";

export const cutOutAsTheyAre = (image, regions, side, beyond) => cutOut(image, regions, side, { beyond, range: Math.fround });
