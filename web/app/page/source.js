// Where images come from: a camera, or a video file, both played by a video element.
import { Failure } from "../pose/failure.js";

const CAMERA_ERRORS = { NotFoundError: "no-camera", OverconstrainedError: "no-camera", NotAllowedError: "refused", NotReadableError: "busy" };
const [SLOWEST, SLOWER, FASTER] = [0.1, 0.85, 1.03];

export class Source {
  constructor(video) {
    Object.assign(this, { video, kind: null, name: "", fresh: null, waiting: null, everyFrame: true });
    const look = (now, metadata) => {
      this.#arrived(now, metadata);
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
    video.addEventListener("ended", () => this.waiting?.(null));
  }

  async openCamera(deviceId) {
    if (!navigator.mediaDevices) throw new Failure("insecure");
    this.close();
    const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
    const wanted = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
    const stream = await navigator.mediaDevices.getUserMedia({ video: { ...size, ...wanted }, audio: false }).catch((error) => {
      throw new Failure(CAMERA_ERRORS[error.name] ?? "busy", error.message);
    });
    const [track] = stream.getVideoTracks();
    Object.assign(this, { kind: "camera", name: track.label || "camera", deviceId: track.getSettings().deviceId });
    track.addEventListener("ended", () => this.waiting?.(null));
    this.video.srcObject = stream;
    this.video.playbackRate = 1;
    await this.video.play();
  }

  async openFile(file) {
    this.close();
    Object.assign(this, { kind: "file", name: file.name, url: URL.createObjectURL(file) });
    this.video.src = this.url;
    this.video.muted = true;
    await this.video.play().catch(() => {
      this.close();
      throw new Failure("no-video", file.name);
    });
    if (!this.video.videoWidth) {
      this.close(); // sound alone
      throw new Failure("no-video", file.name);
    }
  }

  close() {
    this.video.srcObject?.getTracks().forEach((track) => track.stop());
    this.video.srcObject = null;
    this.video.removeAttribute("src");
    if (this.url) URL.revokeObjectURL(this.url);
    Object.assign(this, { kind: null, url: null, fresh: null, presented: null });
    this.waiting?.(null);
  }

  // The newest image that was not yet given, { image, seconds, filmed }, as soon as there is one; null at the end.
  async next() {
    if (!this.kind) return null;
    if (!this.fresh) {
      if (this.video.ended) return null;
      await new Promise((resolve) => (this.waiting = resolve));
      this.waiting = null;
    }
    if (!this.fresh) return null;
    const shot = this.fresh;
    this.fresh = null;
    this.#keepPace(shot);
    return { ...shot, image: await imageOf(this.video) };
  }

  #arrived(now, { mediaTime, captureTime, presentedFrames }) {
    const filmed = captureTime ?? now;
    this.fresh = { seconds: this.kind === "camera" ? filmed / 1000 : mediaTime, filmed, presentedFrames, came: performance.now() };
    this.waiting?.();
  }

  // A file is played so slowly that every frame is lifted.
  #keepPace({ presentedFrames, came }) {
    if (this.kind === "file" && this.everyFrame && this.presented) {
      const late = presentedFrames - this.presented > 1;
      const early = performance.now() - came < 2; // it was waited for
      const rate = this.video.playbackRate * (late ? SLOWER : early ? FASTER : 1);
      this.video.playbackRate = Math.min(Math.max(rate, SLOWEST), 1);
    }
    this.presented = presentedFrames;
  }

  pause = () => this.video.pause();

  resume = () => this.video.play().catch(() => {});
}

// What the video shows now. A VideoFrame is the decoder's own memory, which a worker reads without a detour over the
// graphics card; one that is turned (a phone held upright) is left to the browser to draw.
async function imageOf(video) {
  if (globalThis.VideoFrame) {
    const frame = new VideoFrame(video);
    if (!frame.rotation && frame.displayWidth === video.videoWidth && frame.displayHeight === video.videoHeight) return frame;
    frame.close();
  }
  return createImageBitmap(video);
}

export async function cameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId);
}
