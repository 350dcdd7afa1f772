// The people in 3D, each on the floor, and a room that grows with who comes.
import * as THREE from "three";
import { Figure } from "../../src/figure.js";
import { GRID_M, Room } from "../../src/room.js";
import { common, lifted } from "../generated/tables.js";
import { IN_SOFTWARE } from "./graphics.js";
import { Halos } from "./halos.js";

const [FLOOR_M, TALL_M] = [1.5, 1.7];
const [ARM_M, SPARE_M] = [0.8, 0.3];
const ELEVATION = 12;
const SEGMENTS_IN_SOFTWARE = 12;

export class Stage extends Room {
  constructor(canvas) {
    super(canvas, { elevation: ELEVATION, ...(IN_SOFTWARE && { antialias: false, pixelRatio: 1 }) });
    Object.assign(this, { figures: [], people: new THREE.Group(), reach: FLOOR_M });
    this.scene.add(this.people);
    const ends = [];
    for (let at = -1; at <= 1 + 1e-6; at += GRID_M / FLOOR_M) {
      const half = Math.sqrt(Math.max(1 - at * at, 0)); // the grid ends at the floor's round edge
      ends.push(at, 0, -half, at, 0, half, -half, 0, at, half, 0, at);
    }
    this.makeFloor(new THREE.CircleGeometry(1, 96), ends);
    this.floor.scale.set(FLOOR_M, 1, FLOOR_M);
    this.controls.addEventListener("start", () => (this.turned = true));
    this.look(1);
  }

  extent() {
    return { middle: 0.46 * TALL_M, tall: 0.5 * TALL_M + 0.24, wide: this.reach * (this.reach > FLOOR_M ? 0.9 : 0.66), deep: 0.3 };
  }

  look(view) {
    this.turned = false;
    super.look(view);
  }

  paint(colours) {
    for (const { figure, halos } of this.figures) {
      figure.paint(colours);
      halos.paint(colours);
    }
    super.paint(colours);
  }

  // people: as the worker tells them; places: the floor's [x, z] of each.
  show(people, places, { mirrored, errors }) {
    while (this.figures.length < people.length) this.#another();
    this.people.scale.x = mirrored ? -1 : 1;
    this.figures.forEach(({ figure, halos }, number) => {
      const person = people[number];
      figure.group.visible = Boolean(person);
      if (!person) return;
      const [x, z] = places[number];
      // The lowest joint stands on the floor; y points down.
      let lowest = -Infinity;
      for (let at = 1; at < person.positions.length; at += 3) lowest = Math.max(lowest, person.positions[at]);
      figure.group.position.set(x, 0, z);
      const standing = person.positions.map((value, at) => (at % 3 === 1 ? value - lowest : value));
      figure.show({ ...person, positions: standing }, 0);
      halos.show(errors ? standing : null, person.expectedError);
    });
    this.#makeRoom(Math.max(FLOOR_M, ...places.map((place) => Math.hypot(...place) + ARM_M)));
    this.render();
  }

  // The floor grows with who comes, and the view with it unless somebody has turned it.
  #makeRoom(reach) {
    if (reach < this.reach + SPARE_M && reach > this.reach - 2 * SPARE_M) return;
    this.reach = reach;
    this.floor.scale.set(reach, 1, reach);
    if (!this.turned) this.look(this.view);
  }

  #another() {
    const figure = new Figure(lifted, { ...common, ...(IN_SOFTWARE && { segments: SEGMENTS_IN_SOFTWARE }) });
    const halos = new Halos(figure.group);
    if (this.colours) {
      figure.paint(this.colours);
      halos.paint(this.colours);
    }
    this.people.add(figure.group);
    this.figures.push({ figure, halos });
  }
}
