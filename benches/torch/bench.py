#!/usr/bin/env python3
"""PyTorch on the CPU: the rival of the native build. `cargo xtask bench` runs it.

One process is one repetition of each workload: the caller interleaves processes with Charloom's. One JSON
object a line. A step is forward, backward, clipping by the global norm, and Adam, on the one-hot input that
a character-level network has by default.
"""

import argparse
import json
import os
import time
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--only", default="", help="workloads, separated by commas")
parser.add_argument("--seconds", type=float, default=1.0, help="of a repetition, about")
parser.add_argument("--sample", action="store_true", help="write text rather than train")
parser.add_argument("--mkldnn", choices=["on", "off"], default="on")
arguments = parser.parse_args()

# Before the first import: the libraries read it once.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(arguments.threads)

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
FEWEST_STEPS = 2


class LanguageModel(nn.Module):
    """One-hot characters, recurrent layers, a linear layer. Sequences are time-major."""

    def __init__(self, shape):
        super().__init__()
        self.vocabulary = shape["vocabulary"]
        self.recurrent = CELLS[shape["cell"]](self.vocabulary, shape["hidden"], shape["layers"])
        self.linear = nn.Linear(shape["hidden"], self.vocabulary)

    def forward(self, tokens, state=None):
        hidden, state = self.recurrent(functional.one_hot(tokens, self.vocabulary).float(), state)
        return self.linear(hidden), state


def detached(state):
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def training(model, shape):
    """A step of training, and how many characters it is."""
    size = (shape["steps"], shape["batch"])
    x = torch.randint(0, model.vocabulary, size)
    y = torch.randint(0, model.vocabulary, size)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    state = None

    def step():
        nonlocal state
        optimizer.zero_grad(set_to_none=True)
        logits, after = model(x, state)
        state = detached(after)
        loss = functional.cross_entropy(logits.flatten(0, 1), y.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return step, size[0] * size[1]


def writing(model):
    """So many characters, one at a time."""
    characters = 100
    token, state = torch.zeros(1, 1, dtype=torch.long), None

    def write():
        nonlocal token, state
        with torch.inference_mode():
            for _ in range(characters):
                logits, state = model(token, state)
                shares = torch.softmax(logits[0, 0] / 0.8, -1)
                token = torch.multinomial(shares, 1).view(1, 1)
        return 0.0

    return write, characters


def run(step, seconds):
    """Characters are counted by the caller: this gives steps a second, and the last step's loss."""
    start, steps = time.perf_counter(), 0
    while True:
        loss, steps = step(), steps + 1
        elapsed = time.perf_counter() - start
        if elapsed >= seconds and steps >= FEWEST_STEPS:
            return steps / elapsed, loss


def main():
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    torch.backends.mkldnn.enabled = arguments.mkldnn == "on"
    definition = json.loads((Path(__file__).parent.parent / "workloads.json").read_text("utf-8"))
    wanted = arguments.only.split(",") if arguments.only else list(definition["workloads"])
    for workload, shape in definition["workloads"].items():
        if workload not in wanted or (arguments.sample and workload not in definition["sampled"]):
            continue
        model = LanguageModel(shape)
        step, characters = writing(model.eval()) if arguments.sample else training(model, shape)
        first = step()
        run(step, arguments.seconds / 4)
        rate, last = run(step, arguments.seconds)
        result = {
            "kind": "sample" if arguments.sample else "train",
            "workload": workload,
            "contestant": "torch",
            "version": torch.__version__,
            "threads": arguments.threads,
            "mkldnn": arguments.mkldnn,
            "rate": rate * characters,
        }
        if not arguments.sample:
            result["losses"] = [first, last]
        print(json.dumps(result), flush=True)


main()
