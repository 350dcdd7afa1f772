// Images from a camera, played by a video element: the newest one that was not yet given.
import { Failure } from "../pose/failure.js";

const ERRORS = { NotFoundError: "no-camera", OverconstrainedError: "no-camera", NotAllowedError: "refused", NotReadableError: "busy" };
const WANTED = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

export async function openCamera(deviceId) {
  if (!navigator.mediaDevices) throw new Failure("insecure");
  const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
  const stream = await navigator.mediaDevices.getUserMedia({ video: { ...WANTED, ...which }, audio: false }).catch((error) => {
    throw new Failure(ERRORS[error.name] ?? "busy", error.message);
  });
  return new Camera(stream);
}

class Camera {
  constructor(stream) {
    const [track] = stream.getVideoTracks();
    const video = Object.assign(document.createElement("video"), { srcObject: stream, muted: true, playsInline: true });
    Object.assign(this, { isCamera: true, name: track.label || "camera", deviceId: track.getSettings().deviceId, stream, video, fresh: null });
    track.addEventListener("ended", () => this.close()); // unplugged
    const look = (now, { captureTime }) => {
      this.fresh = { seconds: (captureTime ?? now) / 1000, filmed: captureTime ?? now };
      this.waiting?.();
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  }

  async resume() {
    this.fresh = null; // the video has gone on since it came
    await this.video.play().catch((error) => {
      if (error.name !== "AbortError") throw error; // paused again at once
    });
  }

  pause() {
    this.video.pause();
    this.waiting?.();
  }

  close() {
    this.stream.getTracks().forEach((track) => track.stop());
    this.closed = true;
    this.waiting?.();
  }

  // { image, seconds, filmed } as soon as there is one; null when the camera is gone or paused.
  async next() {
    if (!this.fresh && !this.closed) await new Promise((resolve) => (this.waiting = resolve));
    this.waiting = null;
    const shot = this.fresh;
    this.fresh = null;
    return shot && !this.closed ? { ...shot, image: await imageOf(this.video) } : null;
  }
}

// A VideoFrame is the camera's own memory, which a worker reads without a detour over the graphics card; one that is
// turned (a phone held upright) is left to the browser to draw.
async function imageOf(video) {
  if (globalThis.VideoFrame) {
    const frame = new VideoFrame(video);
    if (!frame.rotation && frame.displayWidth === video.videoWidth && frame.displayHeight === video.videoHeight) return frame;
    frame.close();
  }
  return createImageBitmap(video);
}

export async function listCameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId);
}
