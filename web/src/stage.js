// The figures of one result, or of two, in their room.
import * as THREE from "three";
import { Figure } from "./figure.js";
import { GRID_M, Room } from "./room.js";

const ELEVATION = 14;
const REACH_PX = 16;

export class Stage extends Room {
  constructor(canvas, data) {
    super(canvas, { elevation: ELEVATION });
    this.figures = data.results.map((result) => new Figure(result.skeleton, data));
    this.figures.forEach((figure) => this.scene.add(figure.group));
    this.radius = GRID_M * Math.ceil(Math.max(...data.results.map((result) => result.radius)) / GRID_M);
    this.height = Math.max(...data.results.flatMap((result) => result.people.map(tallest)), 0.5);
    this.arrange("over");
  }

  // "over": the second is a ghost in the first; "beside": to its right.
  arrange(how) {
    const beside = how === "beside" && this.figures.length > 1;
    this.spread = beside ? this.radius : 0;
    this.figures.forEach((figure, number) => {
      figure.ghost = number > 0 && !beside;
      figure.group.position.x = beside ? (number === 0 ? -this.spread : this.spread) : 0;
    });
    const [half, deep] = [this.radius + this.spread, this.radius];
    const ends = [];
    for (let x = -half; x <= half + 1e-6; x += GRID_M) ends.push(x, 0, -deep, x, 0, deep);
    for (let z = -deep; z <= deep + 1e-6; z += GRID_M) ends.push(-half, 0, z, half, 0, z);
    this.makeFloor(new THREE.PlaneGeometry(2 * half, 2 * deep), ends);
    this.look(1);
  }

  extent() {
    const { height, radius, spread } = this;
    return { middle: 0.43 * height, tall: (0.5 * height + 0.22 * radius + 0.1) * 1.08, wide: 0.94 * (radius + spread), deep: 0.25 * radius };
  }

  paint(colours) {
    const shadow = new THREE.Color(colours.floor).lerp(new THREE.Color(colours.shadowInk), colours.shadowPart);
    this.figures.forEach((figure) => figure.paint({ ...colours, shadow: `#${shadow.getHexString()}` }));
    super.paint(colours);
  }

  // Whether anybody is there.
  show(people, frames) {
    Object.assign(this, { people, frames });
    const seen = this.figures.map((figure, number) => figure.show(people[number], people[number] ? frames[number] : -1));
    this.render();
    return seen;
  }

  // The joint nearest to a place on the canvas, if one is near: whose it is, and where it is seen.
  jointAt(x, y) {
    const { clientWidth, clientHeight } = this.canvas;
    let [found, nearest] = [null, REACH_PX];
    this.figures.forEach(({ skeleton, group }, number) => {
      const [person, frame] = [this.people?.[number], this.frames?.[number]];
      if (!person || frame < 0) return;
      skeleton.joints.forEach((_, joint) => {
        const at = 3 * (frame * skeleton.joints.length + joint);
        const [right, down, away] = person.positions.subarray(at, at + 3);
        const seen = group.localToWorld(new THREE.Vector3(right, -down, -away)).project(this.camera);
        const [left, top] = [((seen.x + 1) / 2) * clientWidth, ((1 - seen.y) / 2) * clientHeight];
        const apart = Math.hypot(left - x, top - y);
        if (apart < nearest) [found, nearest] = [{ number, joint, left, top }, apart];
      });
    });
    return found;
  }
}

function tallest(person) {
  let height = 0;
  for (let i = 1; i < person.positions.length; i += 3) height = Math.max(height, -person.positions[i] || 0);
  return height;
}
