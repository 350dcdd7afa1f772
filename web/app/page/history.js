// The last minute: who was where, and small pictures of some of its frames.
const SECONDS = 60;
const PICTURES_A_SECOND = 8;
const PICTURE_SIDE = 640;

export class History {
  constructor() {
    this.canvas = new OffscreenCanvas(1, 1);
    this.clear();
  }

  clear() {
    Object.assign(this, { frames: [], pictured: -Infinity });
  }

  get length() {
    return this.frames.length;
  }

  // image: of this size; it may be closed afterwards.
  add(seconds, people, image, size) {
    const frame = { seconds, people, picture: null, size };
    this.frames.push(frame);
    while (this.frames[0].seconds < seconds - SECONDS) this.frames.shift();
    if (Math.abs(seconds - this.pictured) < 1 / PICTURES_A_SECOND) return;
    this.pictured = seconds;
    const scale = Math.min(1, PICTURE_SIDE / Math.max(...size));
    Object.assign(this.canvas, { width: Math.round(size[0] * scale), height: Math.round(size[1] * scale) });
    this.canvas.getContext("2d").drawImage(image, 0, 0, this.canvas.width, this.canvas.height);
    this.canvas.convertToBlob({ type: "image/jpeg", quality: 0.75 }).then((blob) => (frame.picture = blob));
  }

  // The frame of this number with the picture that is nearest in time, as a promise of { ...frame, image }.
  async at(number) {
    const frame = this.frames[number];
    const away = (other) => Math.abs(other.seconds - frame.seconds);
    const pictured = this.frames.filter(({ picture }) => picture);
    const nearest = pictured.reduce((best, other) => (!best || away(other) < away(best) ? other : best), null);
    return { ...frame, image: nearest && (await createImageBitmap(nearest.picture)) };
  }
}
