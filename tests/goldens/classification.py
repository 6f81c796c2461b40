"""Writes classification/*.safetensors: classifiers over texts of different lengths, as PyTorch computes them.

    python classification.py            # writes classification/
    python classification.py --check    # recomputes and compares, writes nothing; exit code 1 on a difference

Recurrent layers run over `pack_padded_sequence(..., enforce_sorted=False)`; what enters the dense layers is h_n of the
top layer, both directions side by side. Everything is computed in float64 from parameters that are exact float32
values, and stored as float32. Metadata key "charloom": JSON {classification, model, vocabulary, labels}, with
Charloom's field names. Tensors (B texts, T the longest, C labels):

    tokens (B, T), lengths (B), classes (B)     int32; past a text's end the token is 0
    init.NAME, logits (B, C), loss (1), grad.NAME
    losses (5), final.NAME                      five steps of Adam (lr 0.01) on the same batch
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save_file
from torch.nn.utils.rnn import pack_padded_sequence

DATA = Path(__file__).parent / "classification"
CHECK_TOLERANCE = 2e-6
VOCABULARY, LABELS, BATCH = 19, 4, 6
LENGTHS = [7, 1, 4, 7, 2, 5]
CASES = {
    "gru-both-ways-2": ({"bidirectional": True, "dense": 5}, {"cell": "gru", "num_layers": 2}),
    "lstm-one-number": ({"output": "sigmoid"}, {"cell": "lstm"}),
    "rnn-2": ({}, {"cell": "rnn", "num_layers": 2}),
    "lstm-both-ways": ({"bidirectional": True}, {"cell": "lstm"}),
}
KINDS = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


class Classifier(torch.nn.Module):
    def __init__(self, options, model):
        super().__init__()
        self.options = options
        hidden, embedding = model["hidden_size"], model["embedding_dim"]
        both = options.get("bidirectional", False)
        self.embedding = torch.nn.Embedding(VOCABULARY, embedding)
        self.rnn = KINDS[model["cell"]](embedding, hidden, model["num_layers"], bidirectional=both)
        width = hidden * (2 if both else 1)
        if dense := options.get("dense"):
            self.dense = torch.nn.Linear(width, dense)
            width = dense
        self.linear = torch.nn.Linear(width, 1 if options.get("output") == "sigmoid" else LABELS)

    def forward(self, tokens, lengths):
        packed = pack_padded_sequence(self.embedding(tokens.T), lengths, enforce_sorted=False)
        _, state = self.rnn(packed)
        h = state[0] if isinstance(state, tuple) else state
        top = torch.cat([h[-2], h[-1]], 1) if self.options.get("bidirectional") else h[-1]
        if self.options.get("dense"):
            top = torch.relu(self.dense(top))
        return self.linear(top)

    def loss(self, tokens, lengths, classes):
        logits = self(tokens, lengths)
        if self.options.get("output") == "sigmoid":
            return logits, torch.nn.functional.binary_cross_entropy_with_logits(logits[:, 0], classes.double())
        return logits, torch.nn.functional.cross_entropy(logits, classes)


def case(seed, options, model):
    random = np.random.default_rng(seed)
    model = {"hidden_size": 7, "embedding_dim": 5, "num_layers": 1, "input": "embedding", **model}
    labels = 2 if options.get("output") == "sigmoid" else LABELS
    tokens = random.integers(1, VOCABULARY, (BATCH, max(LENGTHS)))
    for row, length in enumerate(LENGTHS):
        tokens[row, length:] = 0
    classes = random.integers(0, labels, BATCH)
    net = Classifier(options, model).double()
    tensors = {}
    with torch.no_grad():
        for name, p in net.named_parameters():
            values = random.uniform(-0.6, 0.6, p.shape).astype(np.float32)
            p.copy_(torch.from_numpy(values))
            tensors[f"init.{name}"] = values
    lengths = torch.tensor(LENGTHS)
    batch = torch.from_numpy(tokens), lengths, torch.from_numpy(classes)
    logits, loss = net.loss(*batch)
    loss.backward()
    tensors |= {
        "tokens": tokens.astype(np.int32),
        "lengths": lengths.numpy().astype(np.int32),
        "classes": classes.astype(np.int32),
        "logits": logits.detach().numpy(),
        "loss": loss.detach().numpy().reshape(1),
    }
    for name, p in net.named_parameters():
        tensors[f"grad.{name}"] = p.grad.numpy().copy()
    optimizer, losses = torch.optim.Adam(net.parameters(), lr=0.01), []
    for _ in range(5):
        optimizer.zero_grad()
        _, loss = net.loss(*batch)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    tensors["losses"] = np.array(losses)
    for name, p in net.named_parameters():
        tensors[f"final.{name}"] = p.detach().numpy()
    stored = {k: v if v.dtype == np.int32 else v.astype(np.float32) for k, v in tensors.items()}
    about = {"classification": options, "model": model, "vocabulary": VOCABULARY, "labels": labels}
    return stored, {"charloom": json.dumps(about)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    DATA.mkdir(exist_ok=True)
    worst = 0.0
    for seed, (name, (options, model)) in enumerate(CASES.items()):
        tensors, metadata = case(seed, options, model)
        path = DATA / f"{name}.safetensors"
        if not check:
            save_file(tensors, path, metadata)
            continue
        with safe_open(path, "numpy") as file:
            for key, value in tensors.items():
                worst = max(worst, float(np.abs(file.get_tensor(key) - value).max()))
    if check:
        print(f"largest difference: {worst:.1e}")
        sys.exit(worst > CHECK_TOLERANCE)


if __name__ == "__main__":
    main()
