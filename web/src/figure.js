// One skeleton in 3D: a capsule for each bone, and its shadow on the floor.
import * as THREE from "three";
import { mixed } from "./colours.js";

const RADIUS = 0.021;
const HEAD_WIDTH = 3.4;
const THIN = 0.7;
const GHOST = 0.32;
const DEPTH = new THREE.MeshBasicMaterial({ colorWrite: false });
const UP = new THREE.Vector3(0, 1, 0);

// A capsule of length 1 between y = 0 and 1 cannot be stretched without its caps: cylinder and ball are two meshes.
const shapesOf = (segments) => {
  const ball = new THREE.SphereGeometry(1, segments, Math.round(0.7 * segments));
  return [new THREE.CylinderGeometry(1, 1, 1, segments, 1, true).translate(0, 0.5, 0), ball, ball];
};

class Bone {
  constructor(shapes, material, group, width) {
    this.width = width;
    this.parts = shapes.map((shape) => new THREE.Mesh(shape, material));
    this.parts.forEach((part) => group.add(part));
  }

  place(from, to, radius) {
    const [rod, first, last] = this.parts;
    const along = to.clone().sub(from);
    const length = along.length();
    rod.position.copy(from);
    rod.quaternion.setFromUnitVectors(UP, along.normalize());
    rod.scale.set(radius, Math.max(length, 1e-6), radius);
    first.position.copy(from);
    last.position.copy(to);
    first.scale.setScalar(radius);
    last.scale.setScalar(radius);
  }

  set visible(shown) {
    this.parts.forEach((part) => (part.visible = shown));
  }

  set material(material) {
    this.parts.forEach((part) => (part.material = material));
  }
}

export class Figure {
  // segments: around a bone.
  constructor(skeleton, { sure, pale, segments = 20 }) {
    this.skeleton = skeleton;
    this.sure = sure;
    this.pale = pale;
    this.group = new THREE.Group();
    const solid = new THREE.Group();
    const flat = new THREE.Group();
    flat.scale.y = 1e-4;
    flat.position.y = 0.004;
    const depth = new THREE.Group();
    this.group.add(solid, flat, depth);
    Object.assign(this, { flat, depth });
    this.materials = {};
    for (const side of ["left", "right", "middle"]) {
      this.materials[side] = {
        sure: new THREE.MeshLambertMaterial(),
        unsure: new THREE.MeshLambertMaterial(),
      };
    }
    this.shadow = new THREE.MeshBasicMaterial();
    const shapes = shapesOf(segments);
    this.bones = skeleton.bones.map(([, end]) => {
      const width = skeleton.joints[end] === "head" ? HEAD_WIDTH : 1;
      const side = skeleton.sides[end];
      return {
        side,
        solid: new Bone(shapes, this.materials[side].sure, solid, width),
        shadow: new Bone(shapes, this.shadow, flat, width),
        depth: new Bone(shapes, DEPTH, depth, width),
      };
    });
    this.ghost = false;
  }

  // A ghost is seen through, and has no shadow. Its depth is drawn first, so that its joints do not shine through it.
  set ghost(ghost) {
    for (const material of Object.values(this.materials).flatMap(Object.values)) {
      Object.assign(material, { transparent: ghost, opacity: ghost ? GHOST : 1, needsUpdate: true });
    }
    this.flat.visible = !ghost;
    this.depth.visible = ghost;
    this.depth.children.forEach((part) => (part.renderOrder = 1));
  }

  paint(colours) {
    for (const [side, pair] of Object.entries(this.materials)) {
      pair.sure.color.set(colours[side]);
      pair.unsure.color.set(mixed(colours[side], this.pale, colours.backdrop));
    }
    this.shadow.color.set(colours.shadow);
  }

  show(person, frame) {
    const joints = this.skeleton.joints.length;
    const { bones } = this.skeleton;
    const point = (joint) => {
      const at = 3 * (frame * joints + joint);
      const [x, y, z] = person.positions.subarray(at, at + 3);
      return new THREE.Vector3(x, -y, -z);
    };
    let seen = 0;
    this.bones.forEach((bone, number) => {
      const [a, b] = bones[number];
      const from = frame < 0 ? new THREE.Vector3(NaN) : point(a);
      const to = frame < 0 ? from : point(b);
      const there = Number.isFinite(from.x + to.x + from.y + to.y + from.z + to.z);
      bone.solid.visible = there;
      bone.shadow.visible = there;
      bone.depth.visible = there;
      if (!there) return;
      seen++;
      const guess = Math.min(person.confidence[frame * joints + a], person.confidence[frame * joints + b]) < this.sure;
      const radius = RADIUS * (guess ? THIN : 1);
      bone.solid.material = this.materials[bone.side][guess ? "unsure" : "sure"];
      place(bone.solid, from, to, radius);
      place(bone.depth, from, to, radius);
      place(bone.shadow, from, to, radius * 0.8);
    });
    return seen > 0;
  }
}

// The head is a thick short capsule: its caps must not reach further than the joint.
function place(bone, from, to, radius) {
  if (bone.width === 1) return bone.place(from, to, radius);
  const along = to.clone().sub(from);
  const inset = Math.min(0.4, (0.5 * radius * bone.width) / Math.max(along.length(), 1e-6));
  return bone.place(from.clone().addScaledVector(along, inset), to, radius * bone.width);
}
