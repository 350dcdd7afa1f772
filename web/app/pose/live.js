// People in 3D while they are being filmed: one image in, its people out, with the time that each step took:
// ampose/pipeline/live.py.
import { live as constants, lifted } from "../generated/tables.js";
import { cameraOf } from "./camera.js";
import { Detector } from "./detector.js";
import { LiveLeftRight, swapped } from "./left_right.js";
import { mapConfidence, seenPoints } from "./mapping.js";
import { OneEuro } from "./one_euro.js";
import { Tracker } from "./tracking.js";

const JOINTS = lifted.joints.length;

export class LiveLifter {
  // networks: { person, landmarks, lifter }
  constructor(networks) {
    this.networks = networks;
    this.forget();
  }

  forget() {
    Object.assign(this, { detector: new Detector(this.networks), tracker: new Tracker(), followed: new Map() });
  }

  // image: { data: RGBA, width, height }; seconds: when it was filmed; options: { fieldOfView, fixSwaps, smooth }.
  // Returns { people, milliseconds }; a person is { id, keypoints, confidence2d, positions, confidence, expectedError },
  // flat arrays.
  async step(image, seconds, options) {
    const start = performance.now();
    const found = await this.detector.detect(image);
    const detected = performance.now();
    const ids = this.tracker.step(found, seconds);
    const fixed = found.map((detection, number) => this.#withSidesFixed(ids[number], detection, seconds, options));
    const tracked = performance.now();
    const poses = await this.#lift(fixed, image, options);
    const people = fixed.map((detection, number) => this.#person(ids[number], detection, poses[number], seconds, options));
    for (const [id, person] of this.followed) if (seconds - person.seen >= constants.FORGET_S) this.followed.delete(id);
    const milliseconds = { detecting: detected - start, tracking: tracked - detected, lifting: performance.now() - tracked };
    return { people, milliseconds };
  }

  #withSidesFixed(id, detection, seconds, { fixSwaps }) {
    if (!this.followed.has(id)) this.followed.set(id, { sides: new LiveLeftRight(), filter: null });
    const person = this.followed.get(id);
    person.seen = seconds;
    const exchanged = person.sides.step(detection.keypoints, seconds);
    return fixSwaps && exchanged ? swapped(detection) : detection;
  }

  // Positions and expected errors of everybody, in one batch.
  async #lift(detections, { width, height }, { fieldOfView }) {
    if (!detections.length) return [];
    const camera = cameraOf(width, height, fieldOfView);
    const keypoints = detections.flatMap((detection) => seenPoints(detection.keypoints).flat());
    const cameras = detections.flatMap(() => camera);
    const outputs = await this.networks.lifter(Float32Array.from(keypoints), Float32Array.from(cameras), detections.length);
    return detections.map((_, number) => ({
      positions: outputs.positions.slice(number * JOINTS * 3, (number + 1) * JOINTS * 3),
      expectedError: outputs.expected_error.slice(number * JOINTS, (number + 1) * JOINTS),
    }));
  }

  #person(id, { keypoints, confidence }, pose, seconds, { smooth }) {
    const person = this.followed.get(id);
    person.filter = smooth ? (person.filter ?? new OneEuro()) : null;
    const positions = person.filter ? Float32Array.from(person.filter.update(pose.positions, seconds)) : pose.positions;
    return {
      id,
      keypoints: Float32Array.from(keypoints.flat()),
      confidence2d: Float32Array.from(confidence),
      positions,
      confidence: Float32Array.from(mapConfidence(confidence)),
      expectedError: pose.expectedError,
    };
  }
}
