// What Python wrote into the page, as arrays.
const GAP = -32768;

function bytesOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function unpack({ scale, numbers }) {
  const view = new DataView(bytesOf(numbers).buffer);
  const values = new Float32Array(view.byteLength / 2);
  for (let i = 0; i < values.length; i++) {
    const number = view.getInt16(2 * i, true);
    values[i] = number === GAP ? NaN : number * scale;
  }
  return values;
}

function unpackPerson(person) {
  const { overlay } = person;
  return {
    ...person,
    positions: unpack(person.positions),
    confidence: unpack(person.confidence),
    expected: person.expected && unpack(person.expected),
    overlay: overlay && {
      ...overlay,
      keypoints: unpack(overlay.keypoints),
      confidence: unpack(overlay.confidence),
    },
    angles: Object.fromEntries(Object.entries(person.angles).map(([name, packed]) => [name, unpack(packed)])),
  };
}

export function readData() {
  const data = JSON.parse(document.getElementById("data").textContent);
  for (const result of data.results) result.people = result.people.map(unpackPerson);
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
