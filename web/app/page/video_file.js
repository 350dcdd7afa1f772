// Images from a video file: each of its frames at its time, no faster than it was filmed.
import { BlobSource, Input, MATROSKA, MP4, QTFF, VideoSampleSink, WEBM } from "mediabunny";
import { Failure } from "../pose/failure.js";

const LATE_MS = 100; // frames that are later than this are left out, if not every frame is wanted

export async function openVideoFile(file) {
  const input = new Input({ source: new BlobSource(file), formats: [MP4, QTFF, WEBM, MATROSKA] });
  const track = await input.getPrimaryVideoTrack().catch(() => null);
  if (!track || !(await track.canDecode())) throw new Failure("no-video", file.name);
  return new VideoFile(file.name, new VideoSampleSink(track));
}

class VideoFile {
  constructor(name, sink) {
    Object.assign(this, { isCamera: false, name, sink, everyFrame: true });
  }

  // At its end, it begins again.
  resume() {
    this.samples ??= this.sink.samples();
    this.anchor = null;
  }

  pause() {}

  close() {
    this.samples?.return();
    this.closed = true;
  }

  // { image, seconds, filmed } when it is time; null at the end.
  async next() {
    for (;;) {
      const { value: sample } = await this.samples.next();
      if (!sample || this.closed) {
        sample?.close();
        this.samples = null;
        return null;
      }
      const late = this.#lateness(sample.timestamp);
      if (late < 0) await new Promise((resolve) => setTimeout(resolve, -late));
      else if (late > LATE_MS && !this.everyFrame) {
        sample.close();
        continue;
      } else if (this.everyFrame) this.anchor += late; // what is lost is not caught up with
      const shot = { image: imageOf(sample), seconds: sample.timestamp, filmed: performance.now() };
      sample.close();
      return shot;
    }
  }

  // By how many milliseconds a frame is late.
  #lateness(seconds) {
    const now = performance.now();
    this.anchor ??= now - 1000 * seconds;
    return now - this.anchor - 1000 * seconds;
  }
}

// Frames that are turned (a phone held upright) or whose pixels are not square are drawn as they are meant.
function imageOf(sample) {
  const frame = sample.toVideoFrame();
  if (!sample.rotation && frame.displayWidth === sample.displayWidth && frame.displayHeight === sample.displayHeight) return frame;
  frame.close();
  const canvas = new OffscreenCanvas(sample.displayWidth, sample.displayHeight);
  sample.draw(canvas.getContext("2d"), 0, 0, canvas.width, canvas.height);
  return canvas.transferToImageBitmap();
}
