// People in 3D while they are being filmed: one image in, its people out, with the time that each step took:
// ampose/pipeline/live.py.
import { camera, landmarkNetwork, live as constants, lifted, personNetwork } from "../generated/tables.js";
import { cameraOf } from "./camera.js";
import { Detector } from "./detector.js";
import { LiveLeftRight, swapped } from "./left_right.js";
import { mapConfidence, seenPoints } from "./mapping.js";
import { OneEuro } from "./one_euro.js";
import { Tracker } from "./tracking.js";

const { DEFAULT_FIELD_OF_VIEW } = camera;
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

  // Each network once, on nothing: the first run is several times as slow.
  async warmUp() {
    const ofSide = (side) => [new Float32Array(3 * side * side), [1, 3, side, side]];
    await this.networks.person(...ofSide(personNetwork.SIDE));
    await this.networks.landmarks(...ofSide(landmarkNetwork.SIDE));
    await this.networks.lifter(new Float32Array(2 * JOINTS), Float32Array.from(cameraOf(1, 1, DEFAULT_FIELD_OF_VIEW)), 1);
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
    const ofImage = cameraOf(width, height, fieldOfView);
    const keypoints = detections.flatMap((detection) => seenPoints(detection.keypoints).flat());
    const cameras = detections.flatMap(() => ofImage);
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
