"""PyTorch on a card: training characters a second, a JSON line for each workload, as a user runs it (`torch-eager`) and with a
step replayed as one CUDA graph (`torch-graph`), so that no launch is waited for: the limit of cuDNN's kernels.

A step is forward, backward, clipping by the global norm and Adam on one-hot characters, all of it on the card, in fp32.

usage: torch_card.py workloads.json
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional

REPETITIONS, SECONDS = 7, 0.35
CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class Network(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.vocabulary = shape["vocabulary"]
        self.recurrent = CELLS[shape["cell"]](self.vocabulary, shape["hidden"], shape["layers"])
        self.linear = nn.Linear(shape["hidden"], self.vocabulary)

    def forward(self, tokens, state):
        h, state = self.recurrent(functional.one_hot(tokens, self.vocabulary).float(), state)
        return self.linear(h), state


def training_step(shape, graph):
    """A function that trains for a step."""
    network = Network(shape).cuda()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True, capturable=graph)
    size = (shape["steps"], shape["batch"])
    tokens, targets = (torch.randint(0, shape["vocabulary"], size, device="cuda") for _ in range(2))
    zeros = torch.zeros(shape["layers"], shape["batch"], shape["hidden"], device="cuda")
    state = [(zeros, zeros.clone()) if shape["cell"] == "lstm" else zeros]

    def step():
        optimizer.zero_grad(set_to_none=not graph)
        logits, after = network(tokens, state[0])
        if not graph:
            state[0] = tuple(part.detach() for part in after) if isinstance(after, tuple) else after.detach()
        functional.cross_entropy(logits.flatten(0, 1), targets.flatten()).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()

    if not graph:
        return step
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(5):
            step()
    torch.cuda.current_stream().wait_stream(aside)
    captured = torch.cuda.CUDAGraph()
    with torch.cuda.graph(captured):
        step()
    return captured.replay


def rates(step, characters):
    for _ in range(10):
        step()
    torch.cuda.synchronize()
    found = []
    for _ in range(REPETITIONS):
        begun, steps = time.perf_counter(), 0
        while time.perf_counter() - begun < SECONDS:
            for _ in range(10):
                step()
            torch.cuda.synchronize()
            steps += 10
        found.append(steps * characters / (time.perf_counter() - begun))
    return sorted(found)


def main():
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    with open(sys.argv[1]) as file:
        workloads = json.load(file)["workloads"]
    about = f"PyTorch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}"
    for workload, shape in workloads.items():
        for graph in (False, True):
            torch.manual_seed(0)
            found = rates(training_step(shape, graph), shape["steps"] * shape["batch"])
            line = {"card": torch.cuda.get_device_name(), "contestant": "torch-graph" if graph else "torch-eager"}
            line |= {"workload": workload, "median": found[len(found) // 2], "best": found[-1], "about": about}
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
