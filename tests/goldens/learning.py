"""Trains PyTorch on the embedded Chinese lyrics and writes the perplexity curves to learning.json.

    python learning.py                 # every run, about an hour of one core; learning.json is rewritten after each
    python learning.py rnn-random      # only the runs named; the others keep their curves
    python learning.py --epochs 20 …   # a quick look: prints, writes nothing

The settings are those of a textbook, "Dive into Deep Learning" (1st Chinese edition, chapter 6), whose published
perplexities stand beside each run under "published". Its conventions, which Charloom shares:

- Text: the first 10,000 characters, newlines as spaces; vocabulary by descending count, then by code point.
- Loss: mean cross-entropy over the batch's T*B targets. SGD with learning rate 100 works on the gradient of that
  mean, clipped to a global norm of 0.01: a step is never longer than 1.
- random: the (length-1)/T windows do not overlap and start at multiples of T; each epoch visits whole batches of
  them in a new random order, with a zero state for each batch.
- consecutive: the text is cut into B rows of length/B characters; the batches of an epoch walk along the rows,
  the state is carried on without its gradient and is zero at the start of an epoch.
- Perplexity of an epoch: exp of the mean loss over its targets, each measured before that batch's update.

Two differences from the textbook's own code: a gate has two biases here (weight names and count are PyTorch's),
where the SGD runs of the textbook have one; and the corpus is another, so only the shape of a curve can agree.
The runs called "reset before" use the loop in reference.py: nn.GRU has only the other form. All others use nn.RNN,
nn.LSTM, nn.GRU. "normal:0.01" draws every weight from normal(0, 0.01) and sets every bias to zero.
"""

import argparse
import hashlib
import json
import math
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch

from reference import Model, clip, cross_entropy, optimizer

HERE = Path(__file__).parent
CORPUS = HERE.parents[1] / "assets" / "corpora" / "lyrics-zh.txt"
OUTPUT = HERE / "learning.json"
CHARACTERS = 10_000
SEEDS = (1, 2, 3)
EVERY = 10  # epochs between two points of a curve

MODEL = dict(
    cell="rnn", hidden_size=256, num_layers=1, input="one-hot", embedding_dim=0, nonlinearity="tanh",
    reset_after=True, bias=True, dropout=0.0, init="normal:0.01", forget_bias=0.0,
)  # fmt: skip
TRAIN = dict(
    batch_size=32, steps=35, sampling="consecutive", optimizer="sgd", lr=100.0, momentum=0.0, nesterov=False,
    weight_decay=0.0, beta1=0.9, beta2=0.999, alpha=0.99, eps=1e-8, clip="norm", clip_threshold=0.01,
    schedule="constant", warmup_steps=0, decay_steps=1, gamma=0.5, min_lr=0.0, epochs=250, seed=0,
)  # fmt: skip
# The textbook's program asks for clipping here too and gets none: it hands the parameters to the clipping function as a
# generator, which the first of two loops uses up.
ADAM = dict(optimizer="adam", lr=0.01, clip="none", epochs=160)
PYTORCH = dict(init="pytorch")


def run(model, train, published):
    """published: {epoch: perplexity or [lowest, highest] of several}."""
    return dict(model={**MODEL, **model}, train={**TRAIN, **train}, published=published)


RUNS = {
    "rnn-random": run({}, dict(sampling="random"), {50: 70, 100: 9.7, 150: 2.9, 200: 1.60, 250: 1.30}),
    "rnn-consecutive": run({}, {}, {50: 59.5, 100: 6.8, 150: 2.06, 200: 1.30, 250: 1.16}),
    "rnn-adam": run(PYTORCH, dict(ADAM, lr=0.001, epochs=250), {50: 10.7, 100: 1.31, 150: 1.07, 200: 1.03, 250: 1.02}),
    # Reset before.
    "gru-before": run(dict(cell="gru", reset_after=False), dict(epochs=160),
                      {40: 149, 80: 31.7, 120: 4.9, 160: [1.44, 1.82]}),
    # Reset after: not in the textbook.
    "gru": run(dict(cell="gru"), dict(epochs=160), {}),
    "lstm": run(dict(cell="lstm"), dict(epochs=160), {40: 211, 80: 67, 120: 15.6, 160: [3.6, 4.3]}),
    "gru-adam": run(dict(cell="gru", **PYTORCH), ADAM, {epoch: 1.02 for epoch in (40, 80, 120, 160)}),
    "lstm-adam": run(dict(cell="lstm", **PYTORCH), ADAM, {epoch: 1.02 for epoch in (40, 80, 120, 160)}),
}  # fmt: skip


def corpus():
    """→ the text, its tokens, the size of the vocabulary."""
    text = CORPUS.read_text(encoding="utf-8")[:CHARACTERS].replace("\n", " ")
    counts = Counter(text)
    vocabulary = sorted(counts, key=lambda c: (-counts[c], c))
    index = {c: i for i, c in enumerate(vocabulary)}
    return text, np.array([index[c] for c in text]), len(vocabulary)


def batches(tokens, train, random):
    """The (x, y) of one epoch, each (T, B)."""
    batch, steps = train["batch_size"], train["steps"]
    if train["sampling"] == "random":
        order = random.permutation((len(tokens) - 1) // steps)
        for first in range(0, len(order) - batch + 1, batch):
            starts = order[first : first + batch] * steps
            at = np.arange(steps)[:, None] + starts
            yield torch.from_numpy(tokens[at]), torch.from_numpy(tokens[at + 1])
    else:
        length = len(tokens) // batch
        rows = torch.from_numpy(tokens[: batch * length].reshape(batch, length).T.copy())
        for t in range(0, (length - 1) // steps * steps, steps):
            yield rows[t : t + steps], rows[t + 1 : t + steps + 1]


def initialise(net, random):
    hidden, sigma = net.model["hidden_size"], net.model["init"].removeprefix("normal:")
    with torch.no_grad():
        for name, p in net.named_parameters():
            if net.model["init"] == "pytorch":
                values = random.uniform(-(hidden**-0.5), hidden**-0.5, p.shape)
            elif "bias" in name:
                values = np.zeros(p.shape)
            else:
                values = random.normal(0, float(sigma), p.shape)
            p.copy_(torch.from_numpy(values))


def train_run(settings, seed, tokens, vocabulary_size, epochs):
    """→ the perplexity of every epoch."""
    train, random = settings["train"], np.random.Generator(np.random.PCG64(seed))
    net = Model(settings["model"], vocabulary_size)
    initialise(net, random)
    parameters = list(net.parameters())
    update, curve = optimizer(parameters, train), []
    for _ in range(epochs):
        total, count = 0.0, 0
        state = net.zero_state(train["batch_size"])
        for x, y in batches(tokens, train, random):
            if train["sampling"] == "random":
                state = net.zero_state(train["batch_size"])
            update.zero_grad()
            logits, state = net(x, [s.detach() for s in state])
            loss = cross_entropy(logits, y)
            loss.backward()
            clip(parameters, train["clip"], train["clip_threshold"])
            update.step()
            total += loss.item() * y.numel()
            count += y.numel()
        curve.append(math.exp(total / count))
    return curve


def main():
    arguments = argparse.ArgumentParser(description="Perplexity curves of PyTorch on the embedded lyrics.")
    arguments.add_argument("names", nargs="*", help=f"of {', '.join(RUNS)}; default all")
    arguments.add_argument("--epochs", type=int, help="stop after this many and write nothing")
    given = arguments.parse_args()
    torch.set_num_threads(1)
    text, tokens, vocabulary_size = corpus()
    about = dict(
        file=CORPUS.name, characters=len(text), vocabulary_size=vocabulary_size,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )  # fmt: skip
    kept = json.loads(OUTPUT.read_text()) if OUTPUT.exists() else {}
    # Curves of another text are not worth keeping.
    done = kept.get("runs", {}) if kept.get("corpus") == about else {}
    for name in given.names or RUNS:
        settings, curves = RUNS[name], {}
        epochs = given.epochs or settings["train"]["epochs"]
        for seed in SEEDS[:1] if given.epochs else SEEDS:
            start = time.time()
            curve = train_run(settings, seed, tokens, vocabulary_size, epochs)
            shown = "  ".join(f"{e}: {curve[e - 1]:.3g}" for e in range(EVERY, epochs + 1, EVERY))
            print(f"{name} seed {seed}, {(time.time() - start) / epochs:.2f} s an epoch: {shown}", flush=True)
            curves[str(seed)] = [round(p, 4) for p in curve[EVERY - 1 :: EVERY]]
        if given.epochs:
            continue
        done[name] = dict(
            config=dict(model=settings["model"], train=settings["train"]),
            published={str(epoch): value for epoch, value in settings["published"].items()},
            perplexity=curves,
        )  # fmt: skip
        runs = {name: done[name] for name in RUNS if name in done}
        document = dict(corpus=about, torch=torch.__version__.split("+")[0], epochs_between_points=EVERY, runs=runs)
        OUTPUT.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
