"""From Charloom to PyTorch and back: the page's script charloom_torch.py against the command line.

    python there_and_back.py PATH/OF/charloom [ThereAndBack.TEST …]

by a Python that has torch and safetensors.
"""

import contextlib
import io
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import torch

HERE = Path(__file__).parent
SCRIPT = HERE.parents[1] / "www" / "src" / "export" / "charloom_torch.py"
LYRICS = HERE.parents[1] / "assets" / "corpora" / "lyrics-en.txt"
sys.path.insert(0, str(SCRIPT.parent))
sys.dont_write_bytecode = True
import charloom_torch as script  # noqa: E402

CHARLOOM = sys.argv.pop(1) if len(sys.argv) > 1 else "charloom"
# The two add up the same float32 products in different orders.
TOLERANCE = 1e-4
SMALL = "--hidden 24 --batch-size 8 --steps 12 --max-chars 3000 --epochs 2"
CELLS = {
    "rnn-tanh": "--cell rnn --layers 2 --dropout 0.1",
    "rnn-relu": "--cell rnn --nonlinearity relu --lr 0.001",
    "lstm": "--cell lstm --input embedding --embedding-dim 10 --layers 2",
    "gru": "--cell gru",
}


def charloom(*words):
    done = subprocess.run([CHARLOOM, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"charloom {words}: {done.stderr}")
    return done.stdout


def torch_script(*words, processes=1):
    start = [sys.executable]
    if processes > 1:
        start += ["-m", "torch.distributed.run", "--nproc_per_node", str(processes)]
        # On whatever port is free.
        start += ["--rdzv_backend", "c10d", "--rdzv_endpoint", "localhost:0"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([*start, SCRIPT, *map(str, words)], capture_output=True, text=True, env=environment)


def perplexities(output):
    return [float(found) for found in re.findall(r"perplexity ([\d.]+)", output)]


class ThereAndBack(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        torch.set_num_threads(1)

    def model(self, *options, text=LYRICS):
        path = self.folder / "model.safetensors"
        words = [word for option in (SMALL, *options) for word in option.split()]
        charloom("train", "--text", text, "--out", path, *words)
        return path

    def reads_the_same(self, path, lyrics):
        done = torch_script(path, "--train", lyrics, "--epochs", 0, "--length", 0)
        self.assertIn(" the text that the model was trained on", done.stdout, f"{lyrics} {done.stderr}")
        self.assertNotIn("not the text", done.stdout, lyrics)

    def same_logits(self, path, prefix):
        ours = json.loads(charloom("inspect", "--model", path, "--logits", prefix))["logits"]
        model, metadata = script.load(path)
        tokens = script.Vocabulary(metadata).encode(script.prepare(prefix, metadata["config"]["text"]))
        with torch.no_grad():
            theirs = model.eval()(torch.tensor(tokens).unsqueeze(1))[0][-1, 0].tolist()
        self.assertEqual(len(ours), len(theirs))
        # Written so that NaN fails.
        wrong = [pair for pair in zip(ours, theirs) if not abs(pair[0] - pair[1]) <= TOLERANCE]
        self.assertEqual(wrong, [])
        return ours

    def test_every_cell_goes_there_and_comes_back(self):
        for name, options in CELLS.items():
            with self.subTest(name):
                path, back = self.model(options), self.folder / "back.safetensors"
                before = self.same_logits(path, "The ")
                # Not trained, it comes back bit by bit.
                done = torch_script(path, "--train", LYRICS, "--epochs", 0, "--length", 0, "--out", back)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("the text that the model was trained on", done.stdout)
                self.assertNotIn("not the text", done.stdout)
                self.assertEqual(before, self.same_logits(back, "The "))
                # Trained, it is another, which Charloom reads as PyTorch does and goes on with.
                done = torch_script(path, "--train", LYRICS, "--epochs", 2, "--length", 0, "--out", back)
                first, second = perplexities(done.stdout)
                self.assertLess(second, first)
                self.assertNotEqual(before, self.same_logits(back, "The "))
                metrics, again = self.folder / "metrics.jsonl", self.folder / "again.safetensors"
                words = ["--resume", back, "--text", LYRICS, "--epochs", 5, "--metrics", metrics, "--out", again]
                charloom("train", *words)
                lines = [json.loads(line) for line in metrics.read_text().splitlines()]
                self.assertEqual(lines[-1]["epoch"], 5)
                self.assertLess(lines[0]["perplexity"], second * 1.1)

    def test_steps_are_charloom_s(self):
        """Three epochs of SGD without momentum carry nothing from step to step: both must reach the same losses."""
        options = "--optimizer sgd --lr 0.5 --schedule step --decay-steps 20 --warmup-steps 5 --clip norm --clip-threshold 0.3"
        path = self.model("--cell gru", options)
        metrics = self.folder / "metrics.jsonl"
        words = ["--resume", path, "--text", LYRICS, "--epochs", 5, "--metrics", metrics, "--out", self.folder / "ours"]
        charloom("train", *words)
        ours = [json.loads(line)["perplexity"] for line in metrics.read_text().splitlines()][-3:]
        done = torch_script(path, "--train", LYRICS, "--epochs", 3, "--length", 0)
        theirs = perplexities(done.stdout)
        self.assertEqual(len(theirs), 3, done.stderr)
        for a, b in zip(ours, theirs):
            self.assertLess(abs(math.log(a / b)), 1e-3)

    def test_the_unknown_token_and_the_text_s_preparation(self):
        path = self.model("--min-count 3 --lowercase true --newlines space")
        metadata = script.load(path)[1]
        self.assertTrue(metadata["unknown"])
        self.same_logits(path, "The Ωld\nsea")
        with contextlib.redirect_stdout(io.StringIO()) as said:
            script.read(LYRICS, None, metadata)
        self.assertNotIn("not the text", said.getvalue())

    def test_text_in_other_encodings(self):
        text = (HERE.parents[1] / "assets" / "corpora" / "lyrics-zh.txt").read_text(encoding="utf-8")[:3000]
        path = None
        for encoding in ("utf-8", "gb18030", "utf-16", "utf-16-be", "utf-8-sig"):
            lyrics = self.folder / f"{encoding}.txt"
            lyrics.write_bytes(text.encode(encoding))
            path = path or self.model(text=lyrics)
            self.reads_the_same(path, lyrics)

    def test_an_encoding_chosen_by_hand(self):
        text = "Ночью река поёт, и звёзды плывут по воде. " * 80
        for encoding, python in {"ibm866": "ibm866", "x-mac-cyrillic": "mac_cyrillic", "shift_jis": "cp932"}.items():
            lyrics = self.folder / f"{encoding}.txt"
            lyrics.write_bytes(text.encode(python))
            self.reads_the_same(self.model(f"--encoding {encoding}", text=lyrics), lyrics)

    def test_lyrics_with_something_around_them(self):
        verses = [f"the river {word} and sings, and {word} again" for word in "runs turns falls rests wakes hides".split()]
        songs = [(f"Song {n}", f"{verse},\nso it \"{n}\" goes\u200b on") for n, verse in enumerate(verses * 4)]
        quoted = ['"' + song.replace('"', '""') + '"' for _, song in songs]
        lrc = "".join(f"[00:{n:02}.50]{verse}\n" for n, (verse, _) in enumerate(zip(verses * 4, songs)))
        cue = "{0}\n00:00:{0:02},000 --> 00:00:{0:02},900\n{1}\n\n"
        files = {
            "a.lrc": ("", "[ti:River]\n[al: none ]\n" + lrc),
            "b.txt": ("", lrc + "[00:01.00][00:59.00]<00:01.00>oh <00:01.50>oh [all]\n[Chorus: all]\n\n"),
            "c.srt": ("", "".join(cue.format(n, verse) for n, verse in enumerate(verses * 4))),
            "d.csv": ("", "title,lyrics\r\n" + "".join(f"{song[0]},{text}\r\n" for song, text in zip(songs, quoted))),
            "e.txt": ("", "year;words\n" + "".join(f"{n};{verse}\n" for n, verse in enumerate(verses * 4))),
            "f.tsv": ("--column 2", "".join(f"{n}\t{verse}\t{verse}{verse}\n" for n, verse in enumerate(verses * 4))),
            "k.tsv": ("--column 2", "".join(f"{n}\t{verse}, and on, and on\n" for n, verse in enumerate(verses * 4))),
            "g.jsonl": ("", "".join(json.dumps({"lyrics": text.split("\n"), "id": name}) + "\n" for name, text in songs)),
            "h.json": ("--column ID", json.dumps([{"id": text, "lyrics": "no"} for _, text in songs], indent=1)),
            "i.lrc": ("--format plain", lrc),
            "j.txt": ("--invisible drop", "".join(f"{text}\xa0\xad\n" for _, text in songs)),
        }
        for name, (options, text) in files.items():
            with self.subTest(name):
                lyrics = self.folder / name
                lyrics.write_bytes(text.encode())
                path = self.model(options, text=lyrics)
                self.reads_the_same(path, lyrics)

    def test_mistakes_are_said_in_a_sentence(self):
        path = self.model()
        binary = self.folder / "x.bin"
        binary.write_bytes(b"\xff\xfe\x00" * 30)
        packed = self.folder / "songs.zip"
        packed.write_bytes(b"PK\x03\x04" + bytes(40))
        cases = [
            ([path, "--temperature", 0], "--greedy"),
            ([path, "--temperature", 1e-45], "--greedy"),
            ([path, "--prefix", "中"], "does not know"),
            ([binary], "not a model file"),
            ([self.folder / "absent"], "not a model file"),
            ([path, "--train", self.folder / "absent"], "Cannot read"),
            ([path, "--train", LYRICS, "--encoding", "klingon"], "no encoding"),
            ([path, "--train", LYRICS, "--out", "/absent/x.safetensors"], "Nothing can be written"),
            ([path, "--out", "x.safetensors"], "--train"),
            ([path, "--train", packed], "unpack it"),
        ]
        for words, said in cases:
            done = torch_script(*words)
            self.assertNotEqual(done.returncode, 0, words)
            self.assertIn(said, done.stderr)
            self.assertNotIn("Traceback", done.stderr)

    def test_it_writes(self):
        path = self.model()
        done = torch_script(path, "--prefix", "The ", "--length", 30, "--greedy")
        ours = charloom("sample", "--model", path, "--prefix", "The ", "--length", 30, "--greedy")
        self.assertEqual(done.stdout.strip(), ours.strip())
        done = torch_script(path, "--prefix", "The ", "--length", 30)
        self.assertEqual(len(done.stdout), 35, done.stderr)

    def test_two_processes_reach_the_losses_of_one(self):
        for options in ("--cell lstm", "--cell gru --sampling random"):
            path = self.model(options)
            words = [path, "--train", LYRICS, "--epochs", 3, "--length", 0]
            one, two = torch_script(*words), torch_script(*words, processes=2)
            self.assertEqual((one.returncode, two.returncode), (0, 0), two.stderr)
            one, two = perplexities(one.stdout), perplexities(two.stdout)
            self.assertEqual((len(one), len(two)), (3, 3))
            for a, b in zip(one, two):
                self.assertLess(abs(math.log(a / b)), 1e-3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
