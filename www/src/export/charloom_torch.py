"""Writes with a Charloom model in PyTorch, trains it further, and saves it for Charloom.

    pip install torch safetensors numpy
    python charloom_torch.py model.safetensors --prefix "The " --length 200
    python charloom_torch.py model.safetensors --train lyrics.txt --epochs 10 --out trained.safetensors
    torchrun --nproc_per_node 2 charloom_torch.py model.safetensors --train lyrics.txt --out trained.safetensors

What --out writes is a model file: Charloom's page opens it, and `charloom train --resume` goes on with it. It carries
the parameters, the vocabulary, the options and how many steps and epochs there were. It does not carry the optimiser's
running averages nor the state between two batches: both begin anew, here and in Charloom.

Under torchrun every process takes its share of each batch's rows, on a GPU of its own where there are enough, and the
gradients are averaged: the losses are those of one process.
"""

import argparse
import codecs
import json
import math
import os
import sys
import unicodedata
from collections import Counter

import torch
import torch.distributed as dist
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# Tried in this order where no mark says which it is.
ENCODINGS = "utf-8 gb18030 big5hkscs utf-16-le utf-16-be shift_jis euc_jp euc_kr cp1251 koi8_r cp874 cp1252".split()


class CharModel(nn.Module):
    """Characters in, scores of the next character out. Parameter names are those of the file."""

    def __init__(self, config, size):
        super().__init__()
        self.size, hidden = size, config["hidden_size"]
        embedded = config["input"] == "embedding"
        width = (config["embedding_dim"] or hidden) if embedded else size
        self.embedding = nn.Embedding(size, width) if embedded else None
        options = {name: config[name] for name in ("num_layers", "bias", "dropout")}
        if options["num_layers"] == 1:
            options["dropout"] = 0.0  # It acts between layers.
        if config["cell"] == "rnn":
            self.rnn = nn.RNN(width, hidden, nonlinearity=config["nonlinearity"], **options)
        elif config["cell"] == "lstm":
            self.rnn = nn.LSTM(width, hidden, **options)
        elif config["reset_after"]:
            self.rnn = nn.GRU(width, hidden, **options)
        else:
            sys.exit("PyTorch's GRU resets after the product; this model resets before it (reset_after is off).")
        self.linear = nn.Linear(hidden, size)

    def forward(self, tokens, state=None):
        """tokens: (T, B) → scores (T, B, V) and the state."""
        x = F.one_hot(tokens, self.size).float() if self.embedding is None else self.embedding(tokens)
        h, state = self.rnn(x, state)
        return self.linear(h), state


class Vocabulary:
    """Characters ↔ tokens, as in Charloom: with `unknown`, the last token stands for every other character."""

    def __init__(self, metadata):
        self.characters = metadata["vocabulary"]
        self.tokens = {character: token for token, character in enumerate(self.characters)}
        self.unknown = len(self.characters) - 1 if metadata.get("unknown") else None

    def strangers(self, text):
        return [] if self.unknown is not None else sorted(set(text) - self.tokens.keys())

    def encode(self, text):
        strangers = self.strangers(text)
        if strangers:
            shown = " ".join(map(repr, strangers[:10]))
            sys.exit(f"The model does not know {len(strangers)} characters of this text: {shown}. Leave them out.")
        return [self.tokens.get(character, self.unknown) for character in text]


def tell(line):
    """Prints it, in one of the processes."""
    if os.environ.get("RANK", "0") == "0":
        print(line, flush=True)


def load(path):
    try:
        with safe_open(path, "pt") as file:
            metadata = json.loads((file.metadata() or {})["charloom"])
            model = CharModel(metadata["config"]["model"], len(metadata["vocabulary"]))
            model.load_state_dict({name: file.get_tensor(name) for name in model.state_dict()})
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        sys.exit(f"{path} is not a model file of Charloom: {error}")
    return model, metadata


def save(model, metadata, path):
    tensors = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, path, {"charloom": json.dumps(metadata, ensure_ascii=False)})


def prepare(text, options):
    """What Charloom does to a text before it counts its characters."""
    for end in ("\r\n", "\r", "\x85", "\u2028", "\u2029"):
        text = text.replace(end, "\n")
    if options["nfc"]:
        text = unicodedata.normalize("NFC", text)
    if options["lowercase"]:
        text = "".join(character.lower() for character in text)
    return text.replace("\n", " ") if options["newlines"] == "space" else text


def fingerprint(text):
    """Charloom's, of a prepared text: FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def read(path, encoding, metadata):
    """The prepared text: in the encoding given, that of its mark, or the one in which the model knows most of it."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        sys.exit(f"Cannot read {path}: {error.strerror}")
    marked = [name for mark, name in MARKS.items() if data.startswith(mark)]
    options, vocabulary, best = metadata["config"]["text"], Vocabulary(metadata), (-1, "", "")
    for name in [encoding] if encoding else marked[:1] or ENCODINGS:
        try:
            text = prepare(data.decode(name), options)[: options["max_chars"]]
        except LookupError:
            sys.exit(f"Python knows no encoding {name!r}")
        except UnicodeError:
            continue
        counts = Counter(text)
        known = sum(count for character, count in counts.items() if character in vocabulary.tokens)
        best = max(best, (known / max(len(text), 1), name, text), key=lambda each: each[0])
    share, name, text = best
    if share < 0:
        sys.exit(f"{path} is not text in {encoding or ', '.join(ENCODINGS)}: save it as UTF-8.")
    same = fingerprint(text) == metadata["fingerprint"]
    tell(f"{path}: {len(text)} characters, {name}; {'the' if same else 'not the'} text that the model was trained on")
    return text


@torch.no_grad()
def write(model, metadata, prefix, length, temperature):
    """Temperature None: always the likeliest character."""
    model.eval()
    vocabulary = Vocabulary(metadata)
    start = next((vocabulary.tokens[c] for c in "\n " if c in vocabulary.tokens), 0)
    tokens = vocabulary.encode(prepare(prefix, metadata["config"]["text"])) or [start]
    device = model.linear.weight.device
    scores, state = model(torch.tensor(tokens, device=device).unsqueeze(1))
    text = prefix
    for _ in range(length):
        if temperature is None:
            token = scores[-1, 0].argmax().view(1)
        else:
            token = torch.multinomial(F.softmax(scores[-1, 0].double() / temperature, dim=0), 1)
        text += vocabulary.characters[token]
        scores, state = model(token.unsqueeze(1), state)
    return text


def learning_rate(options, step):
    warmup, lr, low = options["warmup_steps"], options["lr"], options["min_lr"]
    if step < warmup:
        return lr * (step + 1) / warmup
    after = step - warmup
    if options["schedule"] == "step":
        return lr * options["gamma"] ** (after // options["decay_steps"])
    if options["schedule"] == "cosine":
        share = min(after, options["decay_steps"]) / options["decay_steps"]
        return low + (lr - low) * (1 + math.cos(math.pi * share)) / 2
    return lr


def optimizer_of(model, options):
    common = {"lr": options["lr"], "weight_decay": options["weight_decay"]}
    adam = {"betas": (options["beta1"], options["beta2"]), "eps": options["eps"]}
    kind, own = {
        "sgd": (torch.optim.SGD, {"momentum": options["momentum"], "nesterov": options["nesterov"]}),
        "rmsprop": (torch.optim.RMSprop, {name: options[name] for name in ("alpha", "eps", "momentum")}),
        "adam": (torch.optim.Adam, adam),
        "adamw": (torch.optim.AdamW, adam),
        "adagrad": (torch.optim.Adagrad, {"eps": options["eps"]}),
    }[options["optimizer"]]
    return kind(model.parameters(), **common, **own)


def clip(parameters, kind, threshold):
    """PyTorch's clip_grad_norm_ adds 1e-6 to the norm; Charloom adds nothing."""
    gradients = [parameter.grad for parameter in parameters]
    groups = {"norm": [gradients], "tensor-norm": [[each] for each in gradients]}.get(kind, [])
    for group in groups:
        norm = torch.sqrt(sum((each * each).sum() for each in group)).item()
        for each in group if norm > threshold else []:
            each.mul_(threshold / norm)
    if kind == "value":
        for each in gradients:
            each.clamp_(-threshold, threshold)


def batches(tokens, options, epoch):
    """x and y, each (T, B), and whether the state begins anew."""
    batch, steps = options["batch_size"], options["steps"]
    if options["sampling"] == "random":
        shuffle = torch.Generator().manual_seed(options["seed"] + epoch)
        order = torch.randperm((len(tokens) - 1) // steps, generator=shuffle)
        for first in range(0, len(order) - batch + 1, batch):
            at = torch.arange(steps).unsqueeze(1) + order[first : first + batch] * steps
            yield tokens[at], tokens[at + 1], True
    else:
        rows = tokens[: len(tokens) // batch * batch].view(batch, -1).T
        for first in range(0, (len(rows) - 1) // steps * steps, steps):
            yield rows[first : first + steps], rows[first + 1 : first + steps + 1], first == 0


def train(model, metadata, text, epochs):
    """On this process's columns of every batch. Changes the model, and what the metadata say of its training."""
    config, counters = metadata["config"], metadata["counters"]
    options, device = config["train"], model.linear.weight.device
    processes, rank = (dist.get_world_size(), dist.get_rank()) if dist.is_initialized() else (1, 0)
    batch, steps = options["batch_size"], options["steps"]
    if batch % processes:
        sys.exit(f"{processes} processes cannot share {batch} rows evenly: start as many as divide {batch}.")
    tokens = torch.tensor(Vocabulary(metadata).encode(text))
    tokens = tokens[: len(tokens) - int(len(tokens) * config["text"]["validation"])]
    random = options["sampling"] == "random"
    needed = batch * steps + 1 if random else batch * (steps + 1)
    if len(tokens) < needed:
        sys.exit(f"The text has {len(tokens)} characters to train on; one batch takes {needed}.")
    mine = slice(rank * (batch // processes), (rank + 1) * (batch // processes))
    parameters, optimizer = list(model.parameters()), optimizer_of(model, options)
    model.train()
    for epoch in range(counters["cursor"]["epoch"], counters["cursor"]["epoch"] + epochs):
        state, total, count = None, 0.0, 0
        for x, y, anew in batches(tokens, options, epoch):
            if anew:
                state = None
            elif isinstance(state, tuple):
                state = tuple(each.detach() for each in state)
            else:
                state = state.detach()
            scores, state = model(x[:, mine].to(device), state)
            loss = F.cross_entropy(scores.flatten(0, 1), y[:, mine].flatten().to(device))
            optimizer.zero_grad()
            loss.backward()
            loss = loss.detach()
            if processes > 1:
                for each in [loss, *(parameter.grad for parameter in parameters)]:
                    dist.all_reduce(each)
                    each.div_(processes)
            clip(parameters, options["clip"], options["clip_threshold"])
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(options, counters["step"])
            optimizer.step()
            counters["step"] += 1
            total, count = total + loss.item(), count + 1
        tell(f"epoch {epoch + 1}: perplexity {math.exp(total / count):.6g}")
        counters["cursor"] = {"epoch": epoch + 1, "batch": 0}
    # The sums of an epoch begin anew, and so does the optimiser.
    counters.update(updates=0, targets=0, **dict.fromkeys(("loss_sum", "seconds", "smoothed_loss"), "0" * 16))
    metadata["fingerprint"] = fingerprint(text)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model", help="a model file of Charloom")
    arguments.add_argument("--prefix", default="", help="the text to go on from")
    arguments.add_argument("--length", type=int, default=200, help="how many characters to write")
    arguments.add_argument("--temperature", type=float, default=0.8, help="below 1 safer, above 1 bolder")
    arguments.add_argument("--greedy", action="store_true", help="always the likeliest character")
    arguments.add_argument("--train", metavar="TEXT", help="train on this text first")
    arguments.add_argument("--encoding", help="of the text; without it, the one in which the model knows most of it")
    arguments.add_argument("--epochs", type=int, default=10)
    arguments.add_argument("--out", help="where the trained model goes, as a model file of Charloom")
    given = arguments.parse_args()
    if not given.greedy and not (math.isfinite(given.temperature) and given.temperature >= 1e-30):
        sys.exit(f"A temperature of {given.temperature:g} is not above 0: for the likeliest character, say --greedy.")
    if given.out:
        if not given.train:
            sys.exit("--out is where the trained model goes: say --train TEXT too.")
        if os.path.exists(given.out) and os.path.exists(given.train) and os.path.samefile(given.out, given.train):
            sys.exit("--out names the text, which would be overwritten.")
        if not os.access(os.path.dirname(os.path.abspath(given.out)), os.W_OK):
            sys.exit(f"Nothing can be written to the folder of {given.out}.")

    model, metadata = load(given.model)
    rank, processes = (int(os.environ.get(name, default)) for name, default in (("RANK", 0), ("WORLD_SIZE", 1)))
    local = int(os.environ.get("LOCAL_RANK", 0))
    on_gpus = torch.cuda.device_count() >= int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    if on_gpus:
        torch.cuda.set_device(local)
        model.cuda()
    if processes > 1:
        dist.init_process_group("nccl" if on_gpus else "gloo")
    if given.train:
        torch.manual_seed(metadata["config"]["train"]["seed"] + rank)  # of the dropout
        train(model, metadata, read(given.train, given.encoding, metadata), given.epochs)
        if given.out and rank == 0:
            save(model, metadata, given.out)
    if rank == 0 and given.length > 0:
        torch.seed()
        print(write(model, metadata, given.prefix, given.length, None if given.greedy else given.temperature))
    if processes > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
