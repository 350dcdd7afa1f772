// The camera that is assumed: its field of view across the longer side of the image: ampose/poses/camera.py.

// Focal length x and y, centre x and y, width and height, in pixels: the lifter's input `camera`.
export function cameraOf(width, height, degrees) {
  const focal = Math.max(width, height) / 2 / Math.tan((degrees * Math.PI) / 180 / 2);
  return [focal, focal, width / 2, height / 2, width, height];
}
