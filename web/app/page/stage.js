// The people in 3D: floor, light, and the camera that is turned by hand.
import * as THREE from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import { Figure } from "../../src/figure.js";
import { common, lifted } from "../generated/tables.js";
import { IN_SOFTWARE } from "./graphics.js";
import { Halos } from "./halos.js";

const [GRID_M, FLOOR_M, TALL_M] = [0.25, 1.5, 1.7];
const [ARM_M, SPARE_M] = [0.8, 0.3];
const [FIELD_OF_VIEW, ELEVATION] = [30, 12];
const VIEWS = { 1: [0, ELEVATION], 2: [90, ELEVATION], 3: [180, ELEVATION], 4: [0, 89] };

export class Stage {
  constructor(canvas) {
    this.canvas = canvas;
    this.renderer = new THREE.WebGLRenderer({ canvas, antialias: !IN_SOFTWARE });
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, IN_SOFTWARE ? 1 : 2));
    this.scene = new THREE.Scene();
    this.camera = new THREE.PerspectiveCamera(FIELD_OF_VIEW, 1, 0.05, 100);
    this.people = new THREE.Group();
    this.scene.add(this.people, new THREE.HemisphereLight(0xffffff, 0xffffff, 2.2));
    const sun = new THREE.DirectionalLight(0xffffff, 1.5);
    sun.position.set(-1.5, 4, 3);
    this.scene.add(sun);
    this.figures = [];
    this.reach = FLOOR_M;
    this.#floor();
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.enableDamping = false;
    this.controls.minDistance = 0.8;
    this.controls.maxDistance = 25;
    this.controls.addEventListener("change", () => this.render());
    this.controls.addEventListener("start", () => (this.turned = true));
    this.look(1);
  }

  #floor() {
    const floor = new THREE.Mesh(new THREE.CircleGeometry(1, 96), new THREE.MeshBasicMaterial());
    floor.rotation.x = -Math.PI / 2;
    const ends = [];
    for (let at = -1; at <= 1 + 1e-6; at += GRID_M / FLOOR_M) {
      const half = Math.sqrt(Math.max(1 - at * at, 0)); // the grid ends at the floor's round edge
      ends.push(at, 0, -half, at, 0, half, -half, 0, at, half, 0, at);
    }
    const lines = new THREE.BufferGeometry().setAttribute("position", new THREE.Float32BufferAttribute(ends, 3));
    const grid = new THREE.LineSegments(lines, new THREE.LineBasicMaterial());
    grid.position.y = 0.002;
    Object.assign(this, { floor, grid });
    floor.scale.setScalar(FLOOR_M);
    grid.scale.setScalar(FLOOR_M);
    this.scene.add(floor, grid);
  }

  look(view) {
    const [azimuth, elevation] = VIEWS[view].map((degrees) => (degrees * Math.PI) / 180);
    const centre = new THREE.Vector3(0, 0.46 * TALL_M, 0);
    const tall = 0.5 * TALL_M + 0.24;
    const wide = this.reach * (this.reach > FLOOR_M ? 0.9 : 0.66);
    const away = Math.max(tall, wide / Math.max(this.camera.aspect, 0.2)) / Math.tan((FIELD_OF_VIEW * Math.PI) / 360) + 0.3;
    const [turn, tip] = [Math.cos(elevation), Math.sin(elevation)];
    this.camera.position.set(Math.sin(azimuth) * turn, tip, Math.cos(azimuth) * turn).multiplyScalar(away).add(centre);
    this.controls.target.copy(centre);
    this.controls.update();
    Object.assign(this, { view, turned: false });
    this.render();
  }

  paint(colours) {
    this.colours = colours;
    this.scene.background = new THREE.Color(colours.backdrop);
    this.floor.material.color.set(colours.floor);
    this.grid.material.color.set(colours.grid);
    for (const { figure, halos } of this.figures) {
      figure.paint(colours);
      halos.paint(colours);
    }
    this.render();
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas.parentElement;
    if (!clientWidth || !clientHeight) return;
    this.renderer.setSize(clientWidth, clientHeight, false);
    this.camera.aspect = clientWidth / clientHeight;
    this.camera.updateProjectionMatrix();
    this.look(this.view);
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
    this.floor.scale.setScalar(reach);
    this.grid.scale.setScalar(reach);
    if (!this.turned) this.look(this.view);
  }

  #another() {
    const figure = new Figure(lifted, common);
    const halos = new Halos(figure.group);
    if (this.colours) {
      figure.paint(this.colours);
      halos.paint(this.colours);
    }
    this.people.add(figure.group);
    this.figures.push({ figure, halos });
  }

  render() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.renderer.render(this.scene, this.camera);
    });
  }
}
