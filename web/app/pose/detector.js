// BlazePose by its own networks: several people, each with a tracked region: ampose/detectors/blazepose/blazepose_detector.py.
import { blazepose as constants, cuts } from "../generated/tables.js";
import { beginsShot, change, thumbnail } from "./cuts.js";
import { distinct, newcomers } from "./following.js";
import * as landmarkNetwork from "./landmark_network.js";
import * as personNetwork from "./person_network.js";
import { cutOut, regionFromPoints, squares, toImage, wholeImage } from "./regions.js";

const toOne = (value) => Math.fround(value / 255);
const aroundZero = (value) => Math.fround(value / 127.5) - 1;

export class Detector {
  // networks: { person, landmarks }, each (values, shape) -> the outputs by name, flat.
  constructor(networks) {
    this.networks = networks;
    Object.assign(this, { scene: null, changes: [] });
    this.forget();
  }

  forget() {
    Object.assign(this, { regions: [], searches: 0, untilSearch: 0, soon: 0 });
  }

  // Everybody in the next image of a video, { data: RGBA, width, height }: [{ keypoints, confidence }].
  async detect(image) {
    const scene = thumbnail(image);
    const now = this.scene ? change(this.scene, scene) : 0;
    if (beginsShot(now, this.changes)) this.forget();
    this.scene = scene;
    this.changes = [...this.changes, now].slice(-cuts.AROUND);
    let { regions } = this;
    if (this.untilSearch <= 0) {
      regions = await this.#search(image, regions);
      this.untilSearch = this.soon <= 0 ? constants.SEARCH_EVERY : constants.SEARCH_SOON;
    }
    const people = await this.#look(image, regions);
    if (people.length < this.regions.length) Object.assign(this, { untilSearch: 0, soon: constants.SOON });
    else if (!people.length) this.untilSearch = 0;
    this.untilSearch--;
    this.soon--;
    this.regions = people.map(({ points }) => landmarkNetwork.nextRegion(points));
    return people.map((person) => detection(person, image));
  }

  // The known regions and those of newcomers. People are looked for in the whole image and, larger, in squares of it:
  // in all of them while nobody is known, in turn when somebody is, so that following one person stays cheap.
  async #search(image, known) {
    const { width, height } = image;
    let views = [wholeImage(width, height), ...(width === height ? [] : squares(width, height))];
    if (known.length) views = [views[this.searches++ % views.length]];
    const side = personNetwork.SIDE;
    const values = cutOut(image, views, side, { beyond: 0, range: aroundZero });
    const { boxes, scores } = await this.networks.person(values, [views.length, 3, side, side]);
    const part = (array, number) => array.subarray((number * array.length) / views.length, ((number + 1) * array.length) / views.length);
    views.forEach((view, number) => {
      const people = personNetwork.blend(personNetwork.decode(part(boxes, number), part(scores, number)));
      const found = people.map((person) => regionFromPoints(...personNetwork.circleOf(person).map(toImage(view))));
      known = [...known, ...newcomers(found, known)];
    });
    return known;
  }

  // Who is in the regions: their points in pixels, and how sure each is.
  async #look(image, regions) {
    if (!regions.length) return [];
    const side = landmarkNetwork.SIDE;
    const outputs = await this.networks.landmarks(cutOut(image, regions, side, { range: toOne }), [regions.length, 3, side, side]);
    const rows = Math.sqrt(outputs.heat_maps.length / outputs.landmarks.length * 5);
    const people = regions.map((region, number) => {
      const { points, confidence, person } = landmarkNetwork.readLandmarks(outputs, number, rows);
      return { points: points.map(toImage(region)), confidence, person, size: region.size, followed: number < this.regions.length };
    });
    const present = people.filter(({ person }) => person >= constants.LEAST_PRESENCE);
    const joints = ({ points }) => points.slice(0, landmarkNetwork.NUM_JOINTS);
    return distinct(present.map((person) => ({ ...person, points: joints(person) }))).map((number) => present[number]);
  }
}

// Joints outside the image are extrapolated, and nothing is known of them.
function detection({ points, confidence }, { width, height }) {
  const keypoints = points.slice(0, landmarkNetwork.NUM_JOINTS).map((point) => point.map(Math.fround));
  const inside = ([x, y]) => x >= 0 && x <= width && y >= 0 && y <= height;
  return { keypoints, confidence: keypoints.map((point, joint) => (inside(point) ? Math.fround(confidence[joint]) : 0)) };
}
