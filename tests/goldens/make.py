"""Writes the reference files that the Rust tests compare with: data/*.safetensors and data/schedules.json.

    pip install -r requirements.txt
    python make.py            # writes data/
    python make.py --check    # recomputes and compares with data/, writes nothing; exit code 1 on a difference

Everything is computed by PyTorch in float64 from parameters that are exact float32 values, and stored as float32:
a reader sees only its own rounding. Random numbers come from NumPy's PCG64, so they do not depend on the version
of PyTorch. As it works, the script prints how far PyTorch's own float32 run lies from the stored float64 one: the
tolerance a float32 implementation can be asked to meet.

Each .safetensors file is one network. Its metadata key "charloom" holds JSON
{config: {model, train}, vocabulary_size, batch_size, steps}, with Charloom's field names. Its tensors
(T steps, B batch, V vocabulary, H hidden, L layers; tokens int32, all else float32):

    init.NAME                  every parameter at the start
    one step, from init:
    x, y                       (T, B)      input tokens and targets (y is not x shifted)
    h0, c0                     (L, B, H)   initial state; absent where it is zero
    logits                     (T, B, V)
    loss                       (1)         mean cross-entropy over the T*B targets
    grad.NAME                              gradient of the loss, not clipped
    h_n, c_n                   (L, B, H)   state after the last step; c for lstm only
    h.lK, c.lK                 (T, B, H)   state of layer K after each step
    dh.lK, dc.lK               (T, B, H)   total derivative of the loss by that state
    dh0, dc0                   (L, B, H)   derivative by the initial state, also where that is zero
    ten training steps, from init again, state zero at first and then carried without its gradient:
    train.x, train.y           (10, T, B)  y is x shifted by one, each row continues
    train.losses               (10)        before the step's update
    train.grad_norms           (10)        global norm, before clipping
    train.lrs                  (10)        learning rate of the step
    train.h_n, train.c_n       (L, B, H)   state after the tenth step's forward pass
    final.NAME                             every parameter after the tenth update

A training step is: forward, gradient, clip, optimiser (which adds the L2 term of weight decay after clipping).
Clipping by norm multiplies by min(1, threshold / norm), without the 1e-6 of PyTorch's own function.
"""

import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from reference import Model, clip, cross_entropy, optimizer

DATA = Path(__file__).parent / "data"
TRAINING_STEPS = 10
# The loop and PyTorch's modules do the same float64 operations in another order.
UNROLLED_TOLERANCE = 1e-12
# --check: other builds of PyTorch and of its matrix library may round the last float32 bit the other way.
CHECK_TOLERANCE = 2e-6

# (V, H, B, T): odd sizes, so that nothing is a multiple of a vector or a tile.
ONE = (3, 1, 1, 2)
SMALL = (11, 7, 3, 5)
MIDDLE = (37, 16, 3, 5)
LARGE = (65, 33, 5, 9)

MODEL = dict(
    cell="rnn", hidden_size=0, num_layers=1, input="one-hot", embedding_dim=0, nonlinearity="tanh",
    reset_after=True, bias=True, dropout=0.0, init="pytorch", forget_bias=0.0,
)  # fmt: skip
TRAIN = dict(
    batch_size=0, steps=0, sampling="consecutive", optimizer="sgd", lr=0.1, momentum=0.0, nesterov=False,
    weight_decay=0.0, beta1=0.9, beta2=0.999, alpha=0.99, eps=1e-8, clip="none", clip_threshold=1.0,
    schedule="constant", warmup_steps=0, decay_steps=1, gamma=0.5, min_lr=0.0, epochs=1, seed=0,
)  # fmt: skip


def embedding(size):
    return dict(input="embedding", embedding_dim=size)


def clipped(kind, threshold):
    return dict(clip=kind, clip_threshold=threshold)


# Each: file name, sizes, model, train, spread (how far the initial parameters reach, in units of PyTorch's
# uniform(±1/√H); above 1 the gates saturate), whether the single step starts from a nonzero state.
NETWORKS = [
    ("rnn-tanh", SMALL, dict(), dict(lr=1.0, **clipped("norm", 0.5)), 1, True),
    ("rnn-tanh-embedding-2", MIDDLE, dict(num_layers=2, bias=False, **embedding(5)),
     dict(lr=0.2, momentum=0.9), 1, True),
    ("rnn-tanh-3", MIDDLE, dict(num_layers=3), dict(lr=0.5, weight_decay=0.02, **clipped("norm", 0.4)), 1, False),
    ("rnn-tanh-4", SMALL, dict(num_layers=4), dict(optimizer="adam", lr=0.01, **clipped("value", 0.01)), 2, True),
    ("rnn-tanh-large", LARGE, dict(), dict(optimizer="rmsprop", lr=0.002, alpha=0.9, **clipped("norm", 0.3)), 1, True),
    ("rnn-relu", SMALL, dict(nonlinearity="relu", bias=False),
     dict(lr=0.3, momentum=0.8, nesterov=True, **clipped("tensor-norm", 0.2)), 1, True),
    ("rnn-relu-embedding-2", MIDDLE, dict(nonlinearity="relu", num_layers=2, **embedding(0)),
     dict(optimizer="adagrad", lr=0.03, eps=1e-10), 1, False),
    ("lstm", SMALL, dict(cell="lstm"), dict(lr=1.0, momentum=0.9, nesterov=True, **clipped("norm", 0.3)), 1, True),
    ("lstm-one", ONE, dict(cell="lstm"), dict(optimizer="adam", lr=0.05, weight_decay=0.1), 3, True),
    ("lstm-embedding-2", MIDDLE, dict(cell="lstm", num_layers=2, **embedding(9)),
     dict(optimizer="adamw", lr=0.01, weight_decay=0.05), 2, True),
    ("lstm-3", SMALL, dict(cell="lstm", num_layers=3),
     dict(optimizer="rmsprop", lr=0.005, momentum=0.5, **clipped("tensor-norm", 0.05)), 2, True),
    ("lstm-unbiased-2", SMALL, dict(cell="lstm", num_layers=2, bias=False),
     dict(lr=2.0, weight_decay=0.01, **clipped("norm", 0.2)), 3, False),
    ("lstm-large", LARGE, dict(cell="lstm"),
     dict(optimizer="adam", lr=0.01, schedule="cosine", warmup_steps=3, decay_steps=5, min_lr=0.001,
          **clipped("value", 0.002)), 1, True),
    ("gru", SMALL, dict(cell="gru"),
     dict(optimizer="adam", lr=0.02, beta1=0.8, beta2=0.99, **clipped("norm", 0.4)), 1, True),
    ("gru-embedding-2", MIDDLE, dict(cell="gru", num_layers=2, **embedding(0)),
     dict(optimizer="adagrad", lr=0.05, eps=1e-10, **clipped("value", 0.01)), 1, True),
    ("gru-unbiased-3", SMALL, dict(cell="gru", num_layers=3, bias=False),
     dict(lr=0.5, momentum=0.9, schedule="step", warmup_steps=2, decay_steps=3, gamma=0.3,
          **clipped("norm", 0.3)), 2, False),
    ("gru-before", SMALL, dict(cell="gru", reset_after=False), dict(lr=2.0, **clipped("norm", 0.4)), 2, True),
    ("gru-before-one", ONE, dict(cell="gru", reset_after=False), dict(lr=0.5), 3, True),
    ("gru-before-embedding-2", MIDDLE, dict(cell="gru", reset_after=False, num_layers=2, **embedding(12)),
     dict(optimizer="adamw", lr=0.01, weight_decay=0.1, **clipped("tensor-norm", 0.1)), 2, True),
    ("gru-before-unbiased-3", SMALL, dict(cell="gru", reset_after=False, num_layers=3, bias=False),
     dict(optimizer="rmsprop", lr=0.004, **clipped("value", 0.02)), 2, True),
    ("gru-before-large", LARGE, dict(cell="gru", reset_after=False), dict(lr=0.5, weight_decay=0.001), 1, False),
]  # fmt: skip


def configuration(sizes, model, train):
    vocabulary, hidden, batch, steps = sizes
    return (
        {**MODEL, "hidden_size": hidden, **model},
        {**TRAIN, "batch_size": batch, "steps": steps, **train},
        vocabulary,
    )


def initial_parameters(net, spread, random):
    """NAME → float32 array: uniform(±spread/√H), the embedding normal(0, 1)."""
    bound = spread / math.sqrt(net.model["hidden_size"])
    return {
        name: (random.normal(size=p.shape) if name == "embedding.weight" else random.uniform(-bound, bound, p.shape))
        .astype(np.float32)
        for name, p in net.named_parameters()
    }  # fmt: skip


def token_stream(random, vocabulary, rows, length):
    """(length, rows): each row mostly follows the rule t → 3t+1 mod V, so that ten steps can learn something."""
    tokens = np.zeros((length, rows), np.int32)
    tokens[0] = random.integers(vocabulary, size=rows)
    for t in range(1, length):
        noise = random.integers(vocabulary, size=rows)
        tokens[t] = np.where(random.random(rows) < 0.7, (3 * tokens[t - 1] + 1) % vocabulary, noise)
    return tokens


def inputs(net, train, spread, stateful, random):
    """All that a run starts from, as arrays: init.*, x, y, h0, c0, train.x, train.y."""
    batch, steps, vocabulary = train["batch_size"], train["steps"], net.vocabulary_size
    arrays = {f"init.{name}": value for name, value in initial_parameters(net, spread, random).items()}
    arrays["x"] = random.integers(vocabulary, size=(steps, batch), dtype=np.int32)
    arrays["y"] = random.integers(vocabulary, size=(steps, batch), dtype=np.int32)
    if stateful:
        for name, zero in zip(("h0", "c0"), net.zero_state(batch)):
            arrays[name] = random.uniform(-0.9, 0.9, zero.shape).astype(np.float32)
    stream = token_stream(random, vocabulary, batch, TRAINING_STEPS * steps + 1)
    shape = (TRAINING_STEPS, steps, batch)
    arrays["train.x"], arrays["train.y"] = stream[:-1].reshape(shape), stream[1:].reshape(shape)
    return arrays


def load(net, start):
    with torch.no_grad():
        for name, p in net.named_parameters():
            p.copy_(torch.from_numpy(start[f"init.{name}"]))
            p.grad = None


def initial_state(net, start, batch):
    state = net.zero_state(batch)
    for s, name in zip(state, ("h0", "c0")):
        if name in start:
            s.copy_(torch.from_numpy(start[name]))
    return [s.requires_grad_() for s in state]


def gradients(net, x, y, state, unrolled):
    """One forward and backward pass → every result of the single step, as a dict of tensors."""
    for p in net.parameters():
        p.grad = None
    if unrolled:
        logits, final, layers = net.unrolled(x, state)
        for history in layers:
            for step in history:
                for s in step:
                    s.retain_grad()
    else:
        logits, final = net(x, state)
    loss = cross_entropy(logits, y)
    loss.backward()
    results = {"logits": logits, "loss": loss.reshape(1)}
    results |= {f"grad.{name}": p.grad for name, p in net.named_parameters()}
    for letter, s0, s_n in zip("hc", state, final):
        results |= {f"{letter}_n": s_n, f"d{letter}0": s0.grad}
    if unrolled:
        for k, history in enumerate(layers):
            for letter, values in zip("hc", zip(*history)):
                # The cell state after the last step reaches the loss only through h: its gradient is never None.
                results[f"{letter}.l{k}"] = torch.stack(values)
                results[f"d{letter}.l{k}"] = torch.stack([v.grad for v in values])
    return {name: value.detach().clone() for name, value in results.items()}


def single_step(net, start, batch):
    x, y = torch.from_numpy(start["x"]).long(), torch.from_numpy(start["y"]).long()
    load(net, start)
    results = gradients(net, x, y, initial_state(net, start, batch), unrolled=True)
    if net.has_module:
        for name, expected in gradients(net, x, y, initial_state(net, start, batch), unrolled=False).items():
            if net.linear.weight.dtype == torch.float64:
                difference = (results[name] - expected).abs().max().item()
                assert difference <= UNROLLED_TOLERANCE, f"the loop's {name} is off by {difference}"
            results[name] = expected
    return results


def learning_rate(train, step):
    """Charloom's schedule: a linear warm-up, then the decay counted from the end of the warm-up. step from 0."""
    lr, k = train["lr"], step - train["warmup_steps"]
    if k < 0:
        return lr * (step + 1) / train["warmup_steps"]
    if train["schedule"] == "step":
        return lr * train["gamma"] ** (k // train["decay_steps"])
    if train["schedule"] == "cosine":
        share = min(k, train["decay_steps"]) / train["decay_steps"]
        return train["min_lr"] + (lr - train["min_lr"]) * (1 + math.cos(math.pi * share)) / 2
    return lr


def ten_steps(net, start, train):
    """→ the results of training, as a dict of tensors, and the number of steps that clipping changed."""
    load(net, start)
    parameters = list(net.parameters())
    update = optimizer(parameters, train)
    state = net.zero_state(train["batch_size"])
    losses, norms, rates, clipped_steps = [], [], [], 0
    for step in range(TRAINING_STEPS):
        x, y = (torch.from_numpy(start[f"train.{name}"][step]).long() for name in "xy")
        update.zero_grad()
        logits, state = net(x, [s.detach() for s in state])
        loss = cross_entropy(logits, y)
        loss.backward()
        before = [p.grad.clone() for p in parameters]
        norms.append(clip(parameters, train["clip"], train["clip_threshold"]))
        clipped_steps += any(not torch.equal(b, p.grad) for b, p in zip(before, parameters))
        losses.append(loss.item())
        rates.append(learning_rate(train, step))
        for group in update.param_groups:
            group["lr"] = rates[-1]
        update.step()
    results = {"train.losses": losses, "train.grad_norms": norms, "train.lrs": rates}
    results = {name: torch.tensor(values, dtype=torch.float64) for name, values in results.items()}
    results |= {f"final.{name}": p.detach().clone() for name, p in net.named_parameters()}
    results |= {f"train.{letter}_n": s.detach() for letter, s in zip("hc", state)}
    return results, clipped_steps


def run(model, train, vocabulary, start, dtype):
    net = Model(model, vocabulary).to(dtype)
    trained, clipped_steps = ten_steps(net, start, train)
    results = single_step(net, start, train["batch_size"]) | trained
    return {name: value.numpy() for name, value in results.items()}, clipped_steps


def network(index):
    """→ file name, metadata, tensors of one entry of NETWORKS; prints its line of the table."""
    name, sizes, model, train, spread, stateful = NETWORKS[index]
    model, train, vocabulary = configuration(sizes, model, train)
    random = np.random.Generator(np.random.PCG64(1000 + index))
    start = inputs(Model(model, vocabulary), train, spread, stateful, random)
    exact, clipped_steps = run(model, train, vocabulary, start, torch.float64)
    assert (clipped_steps > 0) == (train["clip"] != "none"), f"{name}: {clipped_steps} steps were clipped"
    rounded, _ = run(model, train, vocabulary, start, torch.float32)

    def error(prefix):
        return max(abs(rounded[n] - exact[n]).max() for n in exact if n.startswith(prefix))

    print(
        f"{name:24} loss {exact['train.losses'][0]:.3f} → {exact['train.losses'][-1]:.3f}"
        f"  norm {exact['train.grad_norms'].min():.2f}..{exact['train.grad_norms'].max():.2f}"
        f"  clipped {clipped_steps:2}/{TRAINING_STEPS}  float32 off by: logits {error('logits'):.0e}"
        f"  grad {error('grad.'):.0e}  dh {error('dh'):.0e}  losses {error('train.losses'):.0e}"
        f"  norms {error('train.grad_norms'):.0e}  final {error('final.'):.0e}"
    )
    metadata = dict(
        config=dict(model=model, train=train),
        vocabulary_size=vocabulary, batch_size=train["batch_size"], steps=train["steps"],
    )  # fmt: skip
    tensors = start | {n: v.astype(np.float32) for n, v in exact.items()}
    return f"{name}.safetensors", metadata, {n: np.ascontiguousarray(v) for n, v in tensors.items()}


def check_reset_before():
    """nn.GRU has no reset_after: false. With H = 1 and no bias, W(r·h) = r·(Wh): the two forms must agree."""
    results = []
    for reset_after in (True, False):
        model, train, vocabulary = configuration(ONE, dict(cell="gru", bias=False, reset_after=reset_after), {})
        random = np.random.Generator(np.random.PCG64(1))
        start = inputs(Model(model, vocabulary), train, 3, True, random)
        results.append(run(model, train, vocabulary, start, torch.float64)[0])
    for name, expected in results[0].items():
        assert abs(results[1][name] - expected).max() <= UNROLLED_TOLERANCE, name


SCHEDULES = [
    dict(schedule="constant", lr=0.5, warmup_steps=0),
    dict(schedule="constant", lr=0.5, warmup_steps=4),
    dict(schedule="step", lr=1.0, warmup_steps=0, decay_steps=3, gamma=0.5),
    dict(schedule="step", lr=0.01, warmup_steps=5, decay_steps=4, gamma=0.1),
    dict(schedule="step", lr=0.2, warmup_steps=1, decay_steps=1, gamma=0.9),
    dict(schedule="cosine", lr=0.1, warmup_steps=0, decay_steps=20, min_lr=0.0),
    dict(schedule="cosine", lr=0.01, warmup_steps=6, decay_steps=10, min_lr=0.001),
    dict(schedule="cosine", lr=2.0, warmup_steps=2, decay_steps=1, min_lr=0.5),
]
SCHEDULE_STEPS = 30


def schedules():
    """Learning rates of the steps 0.. by torch.optim.lr_scheduler, checked against `learning_rate`."""

    def rates(lr, count, make):
        update = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr)
        scheduler = make(update)
        values = []
        for _ in range(count):
            values.append(update.param_groups[0]["lr"])
            update.step()
            scheduler.step()
        return values

    sched, cases = torch.optim.lr_scheduler, []
    for given in SCHEDULES:
        train = {key: {**TRAIN, **given}[key] for key in
                 ("schedule", "lr", "warmup_steps", "decay_steps", "gamma", "min_lr")}  # fmt: skip
        lr, warm, decay, gamma, floor = (train[k] for k in ("lr", "warmup_steps", "decay_steps", "gamma", "min_lr"))
        values = []
        if warm > 0:
            values += rates(lr, warm, lambda u: sched.LinearLR(u, 1 / warm, 1.0, max(warm - 1, 1)))
        rest = SCHEDULE_STEPS - warm
        if train["schedule"] == "constant":
            values += [lr] * rest
        elif train["schedule"] == "step":
            values += rates(lr, rest, lambda u: sched.StepLR(u, decay, gamma))
        else:
            values += rates(lr, decay + 1, lambda u: sched.CosineAnnealingLR(u, decay, floor))
            # PyTorch's cosine turns back up after T_max; Charloom's stays at the floor.
            values = (values + [floor] * SCHEDULE_STEPS)[:SCHEDULE_STEPS]
        for step, value in enumerate(values):
            assert math.isclose(value, learning_rate(train, step), rel_tol=1e-9, abs_tol=1e-12), (train, step)
        cases.append(dict(train=train, lrs=[float(f"{v:.12g}") if abs(v) > 1e-12 else 0.0 for v in values]))
    return cases


def write(networks, cases):
    DATA.mkdir(exist_ok=True)
    for path in DATA.glob("*.safetensors"):
        path.unlink()
    for name, metadata, tensors in networks:
        save_file(tensors, DATA / name, metadata={"charloom": json.dumps(metadata)})
    lines = ",\n".join(json.dumps(case) for case in cases)
    (DATA / "schedules.json").write_text(f"[\n{lines}\n]\n")
    total = sum(p.stat().st_size for p in DATA.iterdir())
    print(f"{len(networks)} networks, {total / 1e6:.2f} MB")


def check(networks, cases):
    """→ the differences found between data/ and what was computed now."""
    found = []
    if {p.name for p in DATA.glob("*.safetensors")} != {name for name, _, _ in networks}:
        found.append("the set of files differs")
    for name, metadata, tensors in networks:
        if not (DATA / name).exists():
            continue
        with safe_open(DATA / name, "np") as file:
            if json.loads(file.metadata()["charloom"]) != metadata:
                found.append(f"{name}: metadata differ")
            if set(file.keys()) != set(tensors):
                found.append(f"{name}: the set of tensors differs")
                continue
            for key, value in tensors.items():
                stored = file.get_tensor(key)
                same = stored.shape == value.shape and stored.dtype == value.dtype
                # Written so that NaN fails.
                if not (same and np.all(abs(stored - value) <= CHECK_TOLERANCE * (1 + abs(value)))):
                    found.append(f"{name}: {key} differs")
    if json.loads((DATA / "schedules.json").read_text()) != json.loads(json.dumps(cases)):
        found.append("schedules.json differs")
    return found


def main():
    arguments = argparse.ArgumentParser(description="Reference numbers for Charloom's tests.")
    arguments.add_argument("--check", action="store_true", help="compare with data/ instead of writing it")
    checking = arguments.parse_args().check
    torch.set_num_threads(1)
    check_reset_before()
    networks = [network(index) for index in range(len(NETWORKS))]
    cases = schedules()
    if not checking:
        write(networks, cases)
        return 0
    found = check(networks, cases)
    print("\n".join(found) or "data/ is what this script computes")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
