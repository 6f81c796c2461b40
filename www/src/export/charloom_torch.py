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
import csv
import io
import itertools
import json
import math
import os
import re
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
ENCODINGS = "utf-8 gb18030 big5hkscs utf-16-le utf-16-be cp932 euc_jp cp949 cp1251 koi8_r cp874 cp1252".split()
# What Python calls the encodings that it names otherwise than the Web.
PYTHONS = {"big5": "big5hkscs", "shift_jis": "cp932", "euc-kr": "cp949", "windows-874": "cp874"}
PYTHONS |= {"macintosh": "mac_roman", "x-mac-cyrillic": "mac_cyrillic", "iso-8859-8-i": "iso-8859-8"}
PACKED = {b"PK\x03\x04": "a ZIP archive", b"\x1f\x8b": "a gzip archive"}
# Characters that nobody sees: spaces that become plain ones, and what is left out.
SPACES = re.compile("[\xa0\u2000-\u200a\u202f\u205f]")
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
TAG = re.compile(r"\[\s*(ti|ar|al|au|by|offset|re|ve|length|la|lr|id|tool)\s*:.*\]", re.I | re.S)
# Names of a column of lyrics, the best first.
COLUMNS = (
    "lyrics lyric 歌词 歌詞 letra letras paroles text liedtext songtext testo текст 가사 content 正文 内容 內容 body "
    "verse verses lines line words 文本"
).split()


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


def lines_of(text):
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def time(text):
    """Milliseconds of 01:21.59, 1:02:03 or 00:12; None for anything else."""
    parts = re.split("[:.,]", text.strip())
    fraction = re.search("[.,]", text) is not None or len(parts) == 3
    fits = 2 <= len(parts) <= 4 and ":" in text and (fraction or len(parts) < 4)
    if not fits or not all(re.fullmatch("[0-9]{1,3}", part) for part in parts):
        return None
    milliseconds = int(parts.pop().ljust(3, "0")) if fraction else 0
    seconds = 0
    for part in parts:
        seconds = seconds * 60 + int(part)
    return seconds * 1000 + milliseconds


def stamp(line, brackets="[]"):
    """The time in brackets at the beginning of a line and what follows it, or None."""
    inside, closed, after = line[1:].partition(brackets[1])
    at = time(inside) if line[:1] == brackets[0] and closed else None
    return None if at is None else (at, after)


def is_cue(line):
    start, arrow, end = line.partition(" --> ")
    return bool(arrow) and time(start) is not None and time((end.split() or [""])[0]) is not None


def is_subtitles(text):
    return text.startswith("WEBVTT") or sum(map(is_cue, lines_of(text))) >= 3


def is_timed(text):
    lines = [line.strip() for line in lines_of(text) if line.strip()]
    stamped = sum(stamp(line) is not None for line in lines)
    tagged = sum(stamp(line) is None and TAG.fullmatch(line) is not None for line in lines)
    return is_subtitles(text) or (stamped >= 3 and (stamped + tagged) * 4 >= len(lines) * 3)


def words_of_subtitles(text):
    lines, words = [line.strip() for line in lines_of(text)], []
    for line, after in zip(lines, [*lines[1:], ""]):
        number = re.fullmatch("[0-9]+", line) and is_cue(after)
        if line and not (is_cue(line) or line.startswith("WEBVTT") or number):
            words.append(line)
    return "".join(line + "\n" for line in words)


def words_of_timed(text, _):
    """Without the times at which they are sung; a line that is sung more than once stands where it is sung."""
    if is_subtitles(text):
        return words_of_subtitles(text)
    found, repeated, now = [], False, 0
    for line in lines_of(text):
        rest, times = line.strip(), []
        while at := stamp(rest):
            times.append(at[0])
            rest = at[1].lstrip()
        if not times and TAG.fullmatch(rest):
            continue
        repeated = repeated or (len(times) > 1 and rest != "")
        kept = ""
        while place := re.search("[<[]", rest):
            kept, rest = kept + rest[: place.start()], rest[place.start() :]
            inner = stamp(rest, "<>") or stamp(rest)
            kept, rest = (kept, inner[1]) if inner else (kept + rest[0], rest[1:])
        now = times[0] if times else now
        found += [(at, (kept + rest).strip()) for at in (times if len(times) > 1 else [now])]
    if repeated:
        found.sort(key=lambda line: line[0])
    return "".join(line + "\n" for _, line in found)


def rows_of(text):
    csv.field_size_limit(1 << 30)

    def reader(separator):
        return csv.reader(io.StringIO(text, newline=""), delimiter=separator)

    def fields(separator):
        widths = [len(row) for row in itertools.islice((row for row in reader(separator) if row), 50)] or [0]
        return widths[0] > 1 and len(set(widths)) == 1, widths[0]

    # That which cuts all lines into equally many; of equals the first, for verses have commas, and no tabs.
    separator = max("\t,;|", key=fields)
    return [row for row in reader(separator) if row]


def named(name):
    return name.strip().lower()


def is_table(text):
    first, *rest = rows_of(text)[:50] or [[]]
    names = all(name.strip() and len(name) <= 60 for name in first)
    known = any(named(name) in COLUMNS for name in first)
    return len(first) > 1 and known and names and all(len(row) == len(first) for row in rest)


def is_json(text):
    text = text.lstrip()
    try:
        first = json.loads(lines_of(text)[0] if text.startswith("{") else text)
    except (ValueError, IndexError):
        return False
    return isinstance(first, dict) or (isinstance(first, list) and all(isinstance(each, dict) for each in first))


class NoColumn(Exception):
    """In the encoding that was tried."""


def chosen_column(columns, wanted, cells):
    """Its place: by its name or number, or the one that looks like lyrics."""
    if (wanted or "").strip():
        names = [named(name) for name in columns]
        if named(wanted) in names:
            return names.index(named(wanted))
        if re.fullmatch("[0-9]+", wanted.strip()) and 0 < int(wanted) <= len(columns):
            return int(wanted) - 1
        raise NoColumn(f"There is no column {wanted!r}: the columns are {', '.join(columns)}.")
    known = [(COLUMNS.index(named(name)), i) for i, name in enumerate(columns) if named(name) in COLUMNS]
    longest = max(range(len(columns)), key=lambda i: sum(len(row[i] or "") for row in cells), default=0)
    return min(known)[1] if known else longest


def joined(texts):
    """Songs of several lines stand apart; single lines stand together."""
    texts = [text.rstrip() for text in texts if (text or "").strip()]
    return ("\n\n" if any(re.search("[\r\n]", text) for text in texts) else "\n").join(texts) + "\n"


def words_of_table(text, wanted):
    first, *rest = rows_of(text) or [[]]

    def is_name(name):
        try:
            return float(name) is None
        except ValueError:
            return bool(name.strip()) and len(name.strip()) <= 60 and "\n" not in name.strip()

    def longer(i):
        return sum(len(row[i]) for row in rest if i < len(row)) > 4 * len(first[i]) * len(rest)

    names = {*COLUMNS, *([named(wanted)] if wanted else [])}
    header = bool(rest) and all(map(is_name, first)) and any(map(longer, range(len(first))))
    header = header or any(named(name) in names for name in first)
    rows = rest if header else [first, *rest]
    width = max(map(len, [first, *rest]))
    title = (first if header else []) + [""] * width
    columns = [title[i].strip() or str(i + 1) for i in range(width)]
    rows = [row + [None] * (width - len(row)) for row in rows]
    place = chosen_column(columns, wanted, rows)
    return joined(row[place] for row in rows)


def words_of_json(text, wanted):
    def value(line):
        try:
            return json.loads(line)
        except ValueError:
            return None

    songs = value(text)
    if not isinstance(songs, list):
        songs = [value(line) for line in lines_of(text) if line.strip()]
    songs = [song if isinstance(song, dict) else {} for song in songs]
    columns = list(dict.fromkeys(name for song in songs for name in sorted(song)))

    def written(content):
        if isinstance(content, list) and all(isinstance(line, str) for line in content):
            return "\n".join(content)
        return content if isinstance(content, str) else None

    rows = [[written(song.get(name)) for name in columns] for song in songs]
    place = chosen_column(columns, wanted, rows)
    return joined(row[place] for row in rows if columns)


WORDS = {"timed": words_of_timed, "table": words_of_table, "json": words_of_json, "plain": lambda text, _: text}


def format_of(name, text):
    """What is around the text, by the file's name, or by the text where that says nothing."""
    by_name = {"csv": "table", "tsv": "table", "tab": "table", "jsonl": "json", "ndjson": "json"}
    extension = name.rpartition(".")[2].lower()
    tests = {"timed": is_timed, "json": is_json, "table": is_table}
    return by_name.get(extension) or next((name for name, fits in tests.items() if fits(text)), "plain")


def prepare(text, options):
    """What Charloom does to a text before it counts its characters."""
    if options.get("invisible") == "drop":
        text = UNSEEN.sub("", SPACES.sub(" ", text))
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
    for begins, kind in PACKED.items():
        if data.startswith(begins):
            sys.exit(f"{path} is {kind}: unpack it, and give the text in it.")
    marked = [name for mark, name in MARKS.items() if data.startswith(mark)]
    options, vocabulary, best = metadata["config"]["text"], Vocabulary(metadata), (-1, "", "")
    wanted = options.get("encoding", "auto")
    encoding = encoding or (PYTHONS.get(wanted, wanted) if wanted != "auto" else None)
    missing = None
    for name in [encoding] if encoding else marked[:1] or ENCODINGS:
        try:
            text = data.decode(name).removeprefix("\ufeff")
            around = options.get("format", "auto")
            around = format_of(str(path), text) if around == "auto" else around
            text = prepare(WORDS[around](text, options.get("column")), options)[: options["max_chars"]]
        except KeyError:
            sys.exit(f"{around!r} is no format that this script reads: give it the words alone, as plain text.")
        except LookupError:
            sys.exit(f"Python knows no encoding {name!r}")
        except (UnicodeError, csv.Error):
            continue
        except NoColumn as error:
            missing = missing or error
            continue
        counts = Counter(text)
        known = sum(count for character, count in counts.items() if character in vocabulary.tokens)
        best = max(best, (known / max(len(text), 1), name, text), key=lambda each: each[0])
    share, name, text = best
    if share < 0 and missing:
        sys.exit(str(missing))
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
