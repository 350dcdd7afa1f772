// How far each joint is expected to be from the truth: a ball of that radius around it, seen through.
import * as THREE from "three";

const BALL = new THREE.SphereGeometry(1, 20, 14);
const THROUGH = 0.13;

export class Halos {
  constructor(group) {
    this.material = new THREE.MeshBasicMaterial({ transparent: true, opacity: THROUGH, depthWrite: false });
    this.group = new THREE.Group();
    this.group.renderOrder = 2;
    group.add(this.group);
  }

  paint(colours) {
    this.material.color.set(colours.halo);
  }

  // positions: flat, metres; null: none are shown. errors: metres.
  show(positions, errors) {
    this.group.visible = Boolean(positions);
    if (!positions) return;
    while (this.group.children.length < errors.length) this.group.add(new THREE.Mesh(BALL, this.material));
    this.group.children.forEach((ball, joint) => {
      const [x, y, z] = positions.subarray(3 * joint, 3 * joint + 3);
      ball.visible = errors[joint] > 0;
      ball.position.set(x, -y, -z);
      ball.scale.setScalar(Math.max(errors[joint], 1e-4));
    });
  }
}
