"""A quick gate for CI: ratios that hold on any machine, with generous bounds. Takes a few seconds, one thread."""

import sys
from functools import partial

import torch
from benchmarks.graformer import GraFormer
from benchmarks.literal import literal
from benchmarks.timing import gemm, take_turns

from ampose.lifting.engines import EngineNetwork, create_engine
from ampose.lifting.engines.agreement import example_keypoints, measure_agreement
from ampose.models import create_model
from ampose.models.cost import measure_cost

BATCH = 64
SECONDS = 4.0


@torch.inference_mode()
def measure() -> dict[str, tuple[float, float]]:
    """Return what was measured and the least that is let through."""
    torch.manual_seed(0)
    network = create_model("ampose-small").eval()
    engine = EngineNetwork(create_engine("torch", network), network)
    x, large = example_keypoints(network, 17, BATCH), example_keypoints(network, 17, 8 * BATCH)
    product, product_gflop = gemm()
    calls = {
        "product": product,
        "engine": partial(engine, x),
        "large": partial(engine, large),
        "literal": partial(literal(network).eval(), x),
        "GraFormer": partial(GraFormer().eval(), x[:, 0]),
    }
    times = {name: spread.median for name, spread in take_turns(calls, SECONDS).items()}
    gflop = BATCH * measure_cost(network, depth=0)[0].flops / 1e9
    share = (gflop / times["engine"]) / (product_gflop / times["product"])
    return {
        "share of the matrix product": (share, 0.15),
        "over the literal form": (times["literal"] / times["engine"], 0.8),
        "over GraFormer": (times["GraFormer"] / times["engine"], 0.8),
        f"throughput at {8 * BATCH} over that at {BATCH}": (8 * times["engine"] / times["large"], 0.6),
        "hundredths of a millimetre to spare": (0.01 - measure_agreement(engine, network, x).largest_mm, 0.0),
    }


def main() -> int:
    """Print the ratios; 1 if one is too low."""
    torch.set_num_threads(1)
    figures = measure()
    for name, (value, least) in figures.items():
        print(f"{'ok  ' if value >= least else 'LOW '} {name}: {value:.3g} (at least {least})")
    return int(any(value < least for value, least in figures.values()))


if __name__ == "__main__":
    sys.exit(main())
