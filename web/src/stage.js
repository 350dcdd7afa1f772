// The floor, the light, the camera that is turned by hand, and the figures.
import * as THREE from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import { Figure } from "./figure.js";

const GRID_M = 0.25;
const ELEVATION = 14;
const VIEWS = { 1: [0, ELEVATION], 2: [90, ELEVATION], 3: [180, ELEVATION], 4: [0, 89] };
const FIELD_OF_VIEW = 30;
const REACH_PX = 16;

export class Stage {
  constructor(canvas, data) {
    this.canvas = canvas;
    this.results = data.results;
    this.renderer = new THREE.WebGLRenderer({ canvas, antialias: true });
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    this.scene = new THREE.Scene();
    this.camera = new THREE.PerspectiveCamera(FIELD_OF_VIEW, 1, 0.05, 100);
    this.figures = data.results.map((result) => new Figure(result.skeleton, data));
    this.figures.forEach((figure) => this.scene.add(figure.group));
    this.radius = GRID_M * Math.ceil(Math.max(...data.results.map((result) => result.radius)) / GRID_M);
    this.height = Math.max(...data.results.flatMap((result) => result.people.map(tallest)), 0.5);
    this.#light();
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.enableDamping = false;
    this.controls.addEventListener("change", () => this.render());
    this.arrange("over");
  }

  #light() {
    this.scene.add(new THREE.HemisphereLight(0xffffff, 0xffffff, 2.2));
    const sun = new THREE.DirectionalLight(0xffffff, 1.5);
    sun.position.set(-1.5, 4, 3);
    this.scene.add(sun);
  }

  // "over": the second is a ghost in the first; "beside": to its right.
  arrange(how) {
    const beside = how === "beside" && this.figures.length > 1;
    this.spread = beside ? this.radius : 0;
    this.figures.forEach((figure, number) => {
      figure.ghost = number > 0 && !beside;
      figure.group.position.x = beside ? (number === 0 ? -this.spread : this.spread) : 0;
    });
    if (this.floor) this.scene.remove(this.floor);
    this.floor = this.#floor();
    this.scene.add(this.floor);
    if (this.colours) this.paint(this.colours);
    this.look(1);
  }

  #floor() {
    const [half, deep] = [this.radius + this.spread, this.radius];
    const group = new THREE.Group();
    const plane = new THREE.Mesh(
      new THREE.PlaneGeometry(2 * half, 2 * deep),
      new THREE.MeshBasicMaterial({ side: THREE.DoubleSide }),
    );
    plane.rotation.x = -Math.PI / 2;
    const ends = [];
    for (let x = -half; x <= half + 1e-6; x += GRID_M) ends.push(x, 0, -deep, x, 0, deep);
    for (let z = -deep; z <= deep + 1e-6; z += GRID_M) ends.push(-half, 0, z, half, 0, z);
    const lines = new THREE.BufferGeometry().setAttribute("position", new THREE.Float32BufferAttribute(ends, 3));
    const grid = new THREE.LineSegments(lines, new THREE.LineBasicMaterial());
    grid.position.y = 0.002;
    group.add(plane, grid);
    this.painted = { plane: plane.material, grid: grid.material };
    return group;
  }

  look(view) {
    const [azimuth, elevation] = VIEWS[view].map((degrees) => (degrees * Math.PI) / 180);
    const centre = new THREE.Vector3(0, this.height * 0.43, 0);
    const aspect = Math.max(this.camera.aspect, 0.2);
    const tall = (0.5 * this.height + 0.22 * this.radius + 0.1) * 1.08;
    const wide = (this.radius + this.spread) * 0.94;
    const away = Math.max(tall, wide / aspect) / Math.tan((FIELD_OF_VIEW * Math.PI) / 360) + this.radius * 0.25;
    this.camera.position
      .set(Math.sin(azimuth) * Math.cos(elevation), Math.sin(elevation), Math.cos(azimuth) * Math.cos(elevation))
      .multiplyScalar(away)
      .add(centre);
    this.controls.target.copy(centre);
    this.controls.minDistance = 0.5;
    this.controls.maxDistance = 4 * away;
    this.controls.update();
    this.view = view;
    this.render();
  }

  paint(colours) {
    this.colours = colours;
    const floor = new THREE.Color(colours.floor);
    const shadow = `#${floor.clone().lerp(new THREE.Color(colours.shadowInk), colours.shadowPart).getHexString()}`;
    this.scene.background = new THREE.Color(colours.backdrop);
    this.painted.plane.color.set(colours.floor);
    this.painted.grid.color.set(colours.grid);
    this.figures.forEach((figure) => figure.paint({ ...colours, shadow }));
    this.render();
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas.parentElement;
    if (!clientWidth || !clientHeight) return;
    this.renderer.setSize(clientWidth, clientHeight, false);
    const changed = Math.abs(this.camera.aspect - clientWidth / clientHeight) > 0.01;
    this.camera.aspect = clientWidth / clientHeight;
    this.camera.updateProjectionMatrix();
    if (changed && this.view) this.look(this.view);
    this.render();
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

  render() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.renderer.render(this.scene, this.camera);
    });
  }
}

function tallest(person) {
  let height = 0;
  for (let i = 1; i < person.positions.length; i += 3) height = Math.max(height, -person.positions[i] || 0);
  return height;
}
