"""Loads a Charloom checkpoint into plain PyTorch and compares its logits with Charloom's own.

    charloom inspect --model model.safetensors --logits "分开" > logits.json
    python pytorch_loads.py model.safetensors logits.json

It needs only torch and safetensors, and nothing else of this folder: it is also the example of how to take a
network from Charloom to PyTorch. logits.json holds {"prefix": text, "logits": [V numbers]}: the logits after the
prefix's last character, from a zero state.

Exit code: 0 where every logit is within 1e-4, 1 where one is not, 2 where there is nothing to compare.
"""

import argparse
import json
import math
import sys

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from torch import nn

# Charloom and PyTorch add up the same float32 products in different orders.
TOLERANCE = 1e-4
# What a checkpoint holds beside the parameters.
NOT_PARAMETERS = ("optimizer.", "state.")


class Network(nn.Module):
    """embedding (optional) → nn.RNN / nn.LSTM / nn.GRU → linear; tokens (T, B) → logits (T, B, V)."""

    def __init__(self, model, vocabulary_size):
        super().__init__()
        self.vocabulary_size, hidden = vocabulary_size, model["hidden_size"]
        self.embedding, size = None, vocabulary_size
        if model["input"] == "embedding":
            size = model["embedding_dim"] or hidden
            self.embedding = nn.Embedding(vocabulary_size, size)
        kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[model["cell"]]
        options = {"nonlinearity": model["nonlinearity"]} if model["cell"] == "rnn" else {}
        # Dropout acts in training only.
        self.rnn = kind(size, hidden, num_layers=model["num_layers"], bias=model["bias"], **options)
        self.linear = nn.Linear(hidden, vocabulary_size)

    def forward(self, tokens):
        if self.embedding is not None:
            inputs = self.embedding(tokens)
        else:
            inputs = F.one_hot(tokens, self.vocabulary_size).float()
        outputs, _ = self.rnn(inputs)
        return self.linear(outputs)


class NothingToCompare(Exception):
    pass


def load(path):
    """→ the network with the checkpoint's parameters, its vocabulary (token → character)."""
    try:
        with safe_open(path, "pt") as file:
            metadata = json.loads((file.metadata() or {})["charloom"])
            parameters = {name: file.get_tensor(name) for name in file.keys() if not name.startswith(NOT_PARAMETERS)}
        model, vocabulary = metadata["config"]["model"], metadata["vocabulary"]
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise NothingToCompare(f"{path} is not a Charloom checkpoint: {error!r}") from error
    if model["cell"] == "gru" and not model["reset_after"]:
        raise NothingToCompare("nn.GRU has no reset before the recurrent product (reset_after: false)")
    network = Network(model, len(vocabulary))
    try:
        network.load_state_dict(parameters)  # strict: a missing, unknown or misshapen parameter is an error
    except RuntimeError as error:
        raise NothingToCompare(str(error)) from error
    return network.eval(), vocabulary


def logits_after(network, vocabulary, prefix):
    index = {character: token for token, character in enumerate(vocabulary)}
    unknown = sorted(set(prefix) - set(index))
    if unknown or not prefix:
        raise NothingToCompare(f"the prefix is empty or has characters the network does not know: {unknown}")
    tokens = torch.tensor([[index[character]] for character in prefix])
    with torch.no_grad():
        return network(tokens)[-1, 0].tolist()


def compare(ours, theirs):
    """Prints the worst and the highest logits; → whether all agree. ours: Charloom's, theirs: PyTorch's."""
    if len(ours) != len(theirs):
        print(f"{len(ours)} logits from Charloom, {len(theirs)} from PyTorch")
        return False
    # JSON has no NaN: a writer may say null.
    ours = [math.nan if value is None else value for value in ours]
    # Written so that NaN fails.
    differences = [abs(a - b) for a, b in zip(ours, theirs)]
    wrong = [token for token, difference in enumerate(differences) if not difference <= TOLERANCE]
    for token in wrong[:5]:
        print(f"token {token}: Charloom {ours[token]:.6f}, PyTorch {theirs[token]:.6f}")
    worst = math.nan if any(map(math.isnan, differences)) else max(differences)
    print(f"{len(ours) - len(wrong)} of {len(ours)} logits agree within {TOLERANCE}; largest difference {worst:.2e}")
    return not wrong


def main():
    arguments = argparse.ArgumentParser(description="Compare a Charloom checkpoint in PyTorch with Charloom.")
    arguments.add_argument("checkpoint", help="a .safetensors file that Charloom saved")
    arguments.add_argument("logits", help='what "charloom inspect --model FILE --logits PREFIX" printed')
    given = arguments.parse_args()
    torch.set_num_threads(1)
    try:
        network, vocabulary = load(given.checkpoint)
        try:
            with open(given.logits, encoding="utf-8") as file:
                expected = json.load(file)
            prefix, ours = expected["prefix"], expected["logits"]
        except (OSError, KeyError, ValueError) as error:
            raise NothingToCompare(f"{given.logits} is not the output of charloom inspect: {error!r}") from error
        theirs = logits_after(network, vocabulary, prefix)
    except NothingToCompare as error:
        print(error, file=sys.stderr)
        return 2
    best = sorted(range(len(theirs)), key=lambda token: -theirs[token])[:5]
    print("PyTorch's highest:", ", ".join(f"{vocabulary[t]!r} {theirs[t]:.4f}" for t in best))
    return 0 if compare(ours, theirs) else 1


if __name__ == "__main__":
    sys.exit(main())
