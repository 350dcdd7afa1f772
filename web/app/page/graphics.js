// Whether pictures are computed by the processor, because there is no graphics card or the browser does not use it. Then
// drawing takes from the networks what it costs, and is kept plain.
function find() {
  const context = new OffscreenCanvas(1, 1).getContext("webgl");
  const names = context?.getExtension("WEBGL_debug_renderer_info");
  return !context || /swiftshader|llvmpipe|software|basic render/i.test(names ? context.getParameter(names.UNMASKED_RENDERER_WEBGL) : "");
}

export const IN_SOFTWARE = find();

// A canvas's context for flat drawings, which keeps its pixels where they are computed.
export const flatContext = (canvas) => canvas.getContext("2d", { willReadFrequently: IN_SOFTWARE });
