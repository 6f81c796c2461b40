"""Writes with a Charloom model in PyTorch, and trains it further.

    pip install torch safetensors
    python charloom_torch.py model.safetensors --prefix "The " --length 200
    python charloom_torch.py model.safetensors --train lyrics.txt --epochs 10 --out weights.pt
"""

import argparse
import json

import torch
from safetensors import safe_open
from torch import nn
from torch.nn import functional as F


class CharModel(nn.Module):
    """Characters in, scores of the next character out. Parameter names are those of the file."""

    def __init__(self, config, vocabulary):
        super().__init__()
        self.vocabulary = vocabulary
        hidden = config["hidden_size"]
        embedded = config["input"] == "embedding"
        size = (config["embedding_dim"] or hidden) if embedded else len(vocabulary)
        self.embedding = nn.Embedding(len(vocabulary), size) if embedded else None
        options = {"num_layers": config["num_layers"], "dropout": config["dropout"]}
        if config["cell"] == "rnn":
            self.rnn = nn.RNN(size, hidden, nonlinearity=config["nonlinearity"], bias=config["bias"], **options)
        elif config["cell"] == "lstm":
            self.rnn = nn.LSTM(size, hidden, **options)
        elif config["reset_after"]:
            self.rnn = nn.GRU(size, hidden, **options)
        else:
            raise SystemExit("PyTorch's GRU resets after the product; this model resets before it.")
        self.linear = nn.Linear(hidden, len(vocabulary))

    def forward(self, tokens, state=None):
        """tokens: (T, B) → scores (T, B, V) and the state."""
        x = F.one_hot(tokens, len(self.vocabulary)).float() if self.embedding is None else self.embedding(tokens)
        h, state = self.rnn(x, state)
        return self.linear(h), state


def load(path):
    with safe_open(path, "pt") as file:
        metadata = json.loads(file.metadata()["charloom"])
        model = CharModel(metadata["config"]["model"], metadata["vocabulary"])
        model.load_state_dict({name: file.get_tensor(name) for name in model.state_dict()})
    return model, metadata


@torch.no_grad()
def write(model, prefix, length, temperature):
    model.eval()
    index = {character: token for token, character in enumerate(model.vocabulary)}
    known = [index[character] for character in prefix if character in index] or [0]
    scores, state = model(torch.tensor(known).unsqueeze(1))
    text = prefix
    for _ in range(length):
        token = torch.multinomial(F.softmax(scores[-1, 0] / temperature, dim=0), 1)
        text += model.vocabulary[token]
        scores, state = model(token.unsqueeze(1), state)
    return text


def train(model, config, text, epochs):
    """Consecutive minibatches; the state is carried from one to the next."""
    index = {character: token for token, character in enumerate(model.vocabulary)}
    if config["text"]["newlines"] == "space":
        text = text.replace("\n", " ")
    if config["text"]["lowercase"]:
        text = text.lower()
    options = config["train"]
    batch, steps = options["batch_size"], options["steps"]
    tokens = torch.tensor([index[character] for character in text if character in index])
    rows = tokens[: len(tokens) // batch * batch].view(batch, -1).T
    optimizer = torch.optim.Adam(model.parameters(), lr=options["lr"])
    model.train()
    for epoch in range(1, epochs + 1):
        state, total, count = None, 0.0, 0
        for start in range(0, len(rows) - 1 - steps + 1, steps):
            x, y = rows[start : start + steps], rows[start + 1 : start + steps + 1]
            if state is not None:
                state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
            scores, state = model(x, state)
            loss = F.cross_entropy(scores.flatten(0, 1), y.flatten())
            optimizer.zero_grad()
            loss.backward()
            if options["clip"] != "none":
                nn.utils.clip_grad_norm_(model.parameters(), options["clip_threshold"])
            optimizer.step()
            total, count = total + loss.item(), count + 1
        print(f"epoch {epoch}: perplexity {torch.tensor(total / count).exp():.2f}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model")
    arguments.add_argument("--prefix", default="")
    arguments.add_argument("--length", type=int, default=200)
    arguments.add_argument("--temperature", type=float, default=0.8)
    arguments.add_argument("--train", metavar="TEXT")
    arguments.add_argument("--epochs", type=int, default=10)
    arguments.add_argument("--out", help="where the state_dict goes after training")
    given = arguments.parse_args()
    network, about = load(given.model)
    if given.train:
        with open(given.train, encoding="utf-8") as lyrics:
            train(network, about["config"], lyrics.read(), given.epochs)
        if given.out:
            torch.save(network.state_dict(), given.out)
    print(write(network, given.prefix, given.length, given.temperature))
