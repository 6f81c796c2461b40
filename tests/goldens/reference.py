"""The networks of Charloom in PyTorch: the library's modules, and the same written out step by step.

Shapes: T time steps, B batch rows, V vocabulary, E embedding, H hidden, L layers, G gates (rnn 1, gru 3, lstm 4).
A *model* here is a dict with the fields of Charloom's model configuration (`cell`, `hidden_size`, …).
A *state* is the list [h] or, for lstm, [h, c], each (L, B, H).

`Model.forward` uses nn.RNN, nn.LSTM or nn.GRU. `Model.unrolled` is an explicit loop over time and layers: it
gives what the modules hide (∂L/∂h at each step) and the one form nn.GRU lacks (`reset_after: false`).
make.py checks that the two agree wherever both exist.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Model(nn.Module):
    """embedding (optional) → nn.RNN / nn.LSTM / nn.GRU → linear, with Charloom's parameter names."""

    def __init__(self, model, vocabulary_size):
        super().__init__()
        self.model, self.vocabulary_size = model, vocabulary_size
        hidden = model["hidden_size"]
        if model["input"] == "embedding":
            size = model["embedding_dim"] or hidden
            self.embedding = nn.Embedding(vocabulary_size, size)
        else:
            size = vocabulary_size
        options = dict(num_layers=model["num_layers"], bias=model["bias"], dropout=model["dropout"])
        if model["cell"] == "rnn":
            self.rnn = nn.RNN(size, hidden, nonlinearity=model["nonlinearity"], **options)
        elif model["cell"] == "lstm":
            self.rnn = nn.LSTM(size, hidden, **options)
        else:
            self.rnn = nn.GRU(size, hidden, **options)
        self.linear = nn.Linear(hidden, vocabulary_size)

    @property
    def has_module(self):
        """Whether PyTorch's own module computes this network (it has no GRU that resets before the product)."""
        return self.model["cell"] != "gru" or self.model["reset_after"]

    def zero_state(self, batch):
        like = self.linear.weight
        shape = (self.model["num_layers"], batch, self.model["hidden_size"])
        return [like.new_zeros(shape) for _ in range(2 if self.model["cell"] == "lstm" else 1)]

    def forward(self, x, state):
        """x (T, B) tokens, state [(L, B, H)…] → logits (T, B, V), the state after the last step."""
        if not self.has_module:
            logits, state, _ = self.unrolled(x, state)
            return logits, state
        if self.model["input"] == "embedding":
            inputs = self.embedding(x)
        else:
            inputs = F.one_hot(x, self.vocabulary_size).to(self.linear.weight.dtype)
        if self.model["cell"] == "lstm":
            outputs, state = self.rnn(inputs, tuple(state))
            return self.linear(outputs), list(state)
        outputs, h = self.rnn(inputs, state[0])
        return self.linear(outputs), [h]

    def unrolled(self, x, state):
        """As `forward`; also returns, for each layer, the list over t of that step's state [h_t] or [h_t, c_t]."""
        steps, layers, final = None, [], []
        for layer in range(self.model["num_layers"]):
            w_ih = getattr(self.rnn, f"weight_ih_l{layer}")
            w_hh = getattr(self.rnn, f"weight_hh_l{layer}")
            b_ih = getattr(self.rnn, f"bias_ih_l{layer}") if self.model["bias"] else None
            b_hh = getattr(self.rnn, f"bias_hh_l{layer}") if self.model["bias"] else None
            if steps is None:
                if self.model["input"] == "embedding":
                    projected = F.linear(F.embedding(x, self.embedding.weight), w_ih)
                else:  # a one-hot row times W_ih^T is a row of W_ih^T
                    projected = F.embedding(x, w_ih.t())
            else:
                projected = F.linear(torch.stack(steps), w_ih)
            if b_ih is not None:
                projected = projected + b_ih
            current, history = [s[layer] for s in state], []
            for projected_t in projected:
                current = self.step(projected_t, current, w_hh, b_hh)
                history.append(current)
            steps = [s[0] for s in history]
            layers.append(history)
            final.append(current)
        logits = F.linear(torch.stack(steps), self.linear.weight, self.linear.bias)
        return logits, [torch.stack(s) for s in zip(*final)], layers

    def step(self, projected, state, w_hh, b_hh):
        """One step of one layer. projected = W_ih x + b_ih: (B, G*H); state [h] or [h, c], each (B, H)."""
        h, cell = state[0], self.model["cell"]
        if cell == "rnn":
            a = projected + F.linear(h, w_hh, b_hh)
            return [torch.tanh(a) if self.model["nonlinearity"] == "tanh" else torch.relu(a)]
        if cell == "lstm":  # gates i, f, g, o
            i, f, g, o = (projected + F.linear(h, w_hh, b_hh)).chunk(4, dim=-1)
            c = torch.sigmoid(f) * state[1] + torch.sigmoid(i) * torch.tanh(g)
            return [torch.sigmoid(o) * torch.tanh(c), c]
        # gates r, z, n
        x_r, x_z, x_n = projected.chunk(3, dim=-1)
        w_r, w_z, w_n = w_hh.chunk(3)
        b_r, b_z, b_n = (None,) * 3 if b_hh is None else b_hh.chunk(3)
        r = torch.sigmoid(x_r + F.linear(h, w_r, b_r))
        z = torch.sigmoid(x_z + F.linear(h, w_z, b_z))
        if self.model["reset_after"]:
            n = torch.tanh(x_n + r * F.linear(h, w_n, b_n))
        else:
            n = torch.tanh(x_n + F.linear(r * h, w_n, b_n))
        return [(1 - z) * n + z * h]


def cross_entropy(logits, y):
    """Mean over the T*B targets, natural logarithm. logits (T, B, V), y (T, B)."""
    return F.cross_entropy(logits.flatten(0, 1), y.flatten())


def clip(parameters, kind, threshold):
    """Scales or clamps the gradients in place; returns their global norm before that.

    The factor is min(1, threshold / norm). torch.nn.utils.clip_grad_norm_ divides by (norm + 1e-6) instead,
    which is why it is not used here.
    """
    gradients = [p.grad for p in parameters]
    norm = torch.sqrt(sum((g * g).sum() for g in gradients)).item()
    if kind == "norm" and norm > threshold:
        for g in gradients:
            g.mul_(threshold / norm)
    elif kind == "tensor-norm":
        for g in gradients:
            own = g.norm().item()
            if own > threshold:
                g.mul_(threshold / own)
    elif kind == "value":
        torch.nn.utils.clip_grad_value_(parameters, threshold)
    return norm


def optimizer(parameters, train):
    """PyTorch's optimiser for Charloom's training configuration `train`. Each ε is PyTorch's: outside the root."""
    lr, decay, eps = train["lr"], train["weight_decay"], train["eps"]
    kind = train["optimizer"]
    if kind == "sgd":
        return torch.optim.SGD(
            parameters, lr, momentum=train["momentum"], nesterov=train["nesterov"], weight_decay=decay
        )
    if kind == "rmsprop":
        return torch.optim.RMSprop(
            parameters, lr, alpha=train["alpha"], eps=eps, momentum=train["momentum"], weight_decay=decay
        )
    betas = (train["beta1"], train["beta2"])
    if kind == "adam":
        return torch.optim.Adam(parameters, lr, betas=betas, eps=eps, weight_decay=decay)
    if kind == "adamw":
        return torch.optim.AdamW(parameters, lr, betas=betas, eps=eps, weight_decay=decay)
    if kind == "adagrad":
        return torch.optim.Adagrad(parameters, lr, eps=eps, weight_decay=decay)
    raise ValueError(f"unknown optimizer {kind}")
