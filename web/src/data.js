// What Python wrote into the page, as arrays.
const GAP = -32768;

function bytesOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The lower bytes of all numbers, then the upper ones; channel by channel, each number less the one before it.
async function unpack({ step, channels, deflated }) {
  const bytes = await inflate(bytesOf(deflated));
  const count = bytes.length / 2;
  const frames = count / channels;
  const values = new Float32Array(count);
  for (let channel = 0; channel < channels; channel++) {
    let number = 0;
    for (let frame = 0; frame < frames; frame++) {
      const at = channel * frames + frame;
      number = ((number + bytes[at] + 256 * bytes[count + at]) << 16) >> 16;
      values[frame * channels + channel] = number === GAP ? NaN : number * step;
    }
  }
  return values;
}

async function unpackOverlay(overlay) {
  const [keypoints, confidence] = await Promise.all([unpack(overlay.keypoints), unpack(overlay.confidence)]);
  return { ...overlay, keypoints, confidence };
}

async function unpackPerson(person) {
  const angle = async ([name, packed]) => [name, await unpack(packed)];
  const [positions, confidence, expected, overlay, angles] = await Promise.all([
    unpack(person.positions),
    unpack(person.confidence),
    person.expected && unpack(person.expected),
    person.overlay && unpackOverlay(person.overlay),
    Promise.all(Object.entries(person.angles).map(angle)),
  ]);
  return { ...person, positions, confidence, expected, overlay, angles: Object.fromEntries(angles) };
}

export async function readData() {
  const data = JSON.parse(document.getElementById("data").textContent);
  for (const result of data.results) result.people = await Promise.all(result.people.map(unpackPerson));
  return data;
}

export function readVideo(type) {
  if (!type) return null;
  const holder = document.getElementById("video-data");
  const url = URL.createObjectURL(new Blob([bytesOf(holder.textContent.trim())], { type }));
  holder.remove();
  return url;
}

// When a frame of a result begins, counted from its first.
export const secondsOf = ({ fps, times }, frame) => (times ? times[frame] - times[0] : frame / fps);

export const lengthOf = (result) => secondsOf(result, result.frames - 1) + 1 / result.fps;

// The frame of a result at a moment, or -1 after its end.
export function frameAt(result, seconds) {
  if (seconds + 1e-6 >= lengthOf(result)) return -1;
  if (!result.times) return Math.floor(seconds * result.fps + 1e-6);
  let [low, high] = [0, result.frames - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (secondsOf(result, middle) <= seconds + 1e-6) low = middle;
    else high = middle - 1;
  }
  return low;
}
