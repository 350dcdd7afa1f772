// Each network once, before anybody waits for it: the first run is several times as slow. And a check of the answers.
import { camera, landmarkNetwork, lifted, personNetwork } from "../generated/tables.js";
import { cameraOf } from "./camera.js";

const LARGEST = 0.5; // of a pixel in a region, or of a score's logit

// expected: what the detector's networks answer to a pattern, as Python had it. Whether they do so here.
export async function warmUp(networks, expected) {
  const ofSide = (side) => [Float32Array.from({ length: 3 * side * side }, (_, at) => ((at * 7919) % 251) / 250), [1, 3, side, side]];
  const { scores } = await networks.person(...ofSide(personNetwork.SIDE));
  const { landmarks } = await networks.landmarks(...ofSide(landmarkNetwork.SIDE));
  const joints = lifted.joints.length;
  await networks.lifter(new Float32Array(2 * joints), Float32Array.from(cameraOf(1, 1, camera.DEFAULT_FIELD_OF_VIEW)), 1);
  const near = (found, wanted) => wanted.every((value, at) => Math.abs(found[at] - value) < LARGEST);
  return near(scores, expected.person) && near(landmarks, expected.landmarks);
}
