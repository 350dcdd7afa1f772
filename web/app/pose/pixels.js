// The pixels of a VideoFrame or an ImageBitmap: { data: RGBA, width, height }.
export class PixelReader {
  async read(image) {
    const copied = image.copyTo && (await this.#copied(image));
    return copied || this.#drawn(image);
  }

  // Straight from the decoder's memory, in browsers that turn it into RGBA.
  async #copied(frame) {
    const { width, height } = frame.visibleRect;
    if (width !== frame.displayWidth || height !== frame.displayHeight) return null; // its pixels are not square
    if (this.data?.length !== 4 * width * height) this.data = new Uint8ClampedArray(4 * width * height);
    const layout = { format: "RGBA", colorSpace: "srgb", layout: [{ offset: 0, stride: 4 * width }] };
    try {
      await frame.copyTo(this.data, layout);
    } catch {
      return null;
    }
    return { data: this.data, width, height };
  }

  #drawn(image) {
    const [width, height] = [image.displayWidth ?? image.width, image.displayHeight ?? image.height];
    if (this.context?.canvas.width !== width || this.context?.canvas.height !== height) {
      this.context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true, alpha: false });
    }
    this.context.drawImage(image, 0, 0);
    return { data: this.context.getImageData(0, 0, width, height).data, width, height };
  }
}
