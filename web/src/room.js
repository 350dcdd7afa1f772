// What people stand in: a floor with a grid, light, and a camera that is turned by hand or looks from one of four sides.
import * as THREE from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";

export const GRID_M = 0.25;
const FIELD_OF_VIEW = 30;
const TOP = 89; // degrees
const AZIMUTHS = { 1: 0, 2: 90, 3: 180, 4: 0 };

const radians = (degrees) => (degrees * Math.PI) / 180;

export class Room {
  // elevation: degrees, of the views that are not from above.
  constructor(canvas, { elevation, antialias = true, pixelRatio = 2 }) {
    Object.assign(this, { canvas, elevation });
    this.renderer = new THREE.WebGLRenderer({ canvas, antialias });
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, pixelRatio));
    this.scene = new THREE.Scene();
    this.camera = new THREE.PerspectiveCamera(FIELD_OF_VIEW, 1, 0.05, 100);
    const sun = new THREE.DirectionalLight(0xffffff, 1.5);
    sun.position.set(-1.5, 4, 3);
    this.scene.add(new THREE.HemisphereLight(0xffffff, 0xffffff, 2.2), sun);
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.enableDamping = false;
    this.controls.addEventListener("change", () => this.render());
  }

  // A floor of this shape, and lines on it from and to these points: flat, three numbers each.
  makeFloor(shape, ends) {
    const plane = new THREE.Mesh(shape, new THREE.MeshBasicMaterial({ side: THREE.DoubleSide }));
    plane.rotation.x = -Math.PI / 2;
    const lines = new THREE.BufferGeometry().setAttribute("position", new THREE.Float32BufferAttribute(ends, 3));
    const grid = new THREE.LineSegments(lines, new THREE.LineBasicMaterial());
    grid.position.y = 0.002;
    if (this.floor) this.scene.remove(this.floor);
    this.floor = new THREE.Group().add(plane, grid);
    this.scene.add(this.floor);
    if (this.colours) this.paint(this.colours);
  }

  paint(colours) {
    this.colours = colours;
    const [plane, grid] = this.floor.children;
    this.scene.background = new THREE.Color(colours.backdrop);
    plane.material.color.set(colours.floor);
    grid.material.color.set(colours.grid);
    this.render();
  }

  // What is to be seen, from `extent`, in metres: height of its middle, half its height and half its width, and how far
  // its front is before its middle.
  look(view) {
    const { middle, tall, wide, deep } = this.extent();
    const [azimuth, elevation] = [AZIMUTHS[view], view === 4 ? TOP : this.elevation].map(radians);
    const centre = new THREE.Vector3(0, middle, 0);
    const away = Math.max(tall, wide / Math.max(this.camera.aspect, 0.2)) / Math.tan(radians(FIELD_OF_VIEW) / 2) + deep;
    this.camera.position.setFromSphericalCoords(away, Math.PI / 2 - elevation, azimuth).add(centre);
    this.controls.target.copy(centre);
    Object.assign(this.controls, { minDistance: 0.5, maxDistance: 4 * away });
    this.controls.update();
    this.view = view;
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

  render() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.renderer.render(this.scene, this.camera);
    });
  }
}
