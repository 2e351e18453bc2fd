#!/usr/bin/env python3
"""Follows the advice of messages to the letter: what comes of it is right, or is refused, and never a wrong number in
silence. Exit code 77 (skipped) without NumPy.

    advice_test.py path/to/attnflow
"""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import numpy as np
except ImportError:
    print("skipped: this Python has no NumPy")
    sys.exit(77)

ATTNFLOW = None
RANDOM = np.random.default_rng(16)


def softmax(scores, axis=-1):
    weights = np.exp(scores - scores.max(axis, keepdims=True))
    return weights / weights.sum(axis, keepdims=True)


def attention(layers=3, heads=4, n=8, causal=False, sharp=1.5):
    scores = RANDOM.normal(scale=sharp, size=(layers, heads, n, n))
    return softmax(scores + np.triu(np.full((n, n), -np.inf), 1)) if causal else softmax(scores)


def rollout(weights, source=0):
    """By its definition: A = I / 2 + mean over heads / 2."""
    row = np.eye(weights.shape[-1])[source]
    for layer in weights[::-1]:
        mean = layer.mean(0)
        row = row @ (0.5 * np.eye(len(mean)) + 0.5 * mean / mean.sum(-1, keepdims=True))
    return row


class Advice(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "case.npz"

    def attnflow(self, *arguments):
        return subprocess.run([ATTNFLOW, *arguments], capture_output=True, text=True, check=False)

    def refused(self, weights, **others):
        np.savez(self.path, attentions=np.asarray(weights, np.float32), **others)
        result = self.attnflow("validate", str(self.path))
        self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
        return result.stderr

    def says(self, weights, *texts, never=(), **others):
        message = self.refused(weights, **others)
        for text in texts:
            self.assertIn(text, message)
        for text in ("--row-sum-tolerance", *never):
            self.assertNotIn(text, message)
        return message

    def follow(self, weights, true, *texts, margin=1e-5, never=(), start="weights"):
        """The first code of the message that gives `weights`, run as it stands."""
        message = self.says(weights, *texts, never=never)
        code = next(code for code in re.findall(r"`([^`]*)`", message) if code.startswith(f"{start} = "))
        names = {"numpy": np, "weights": np.array(weights, float), "scores": np.array(weights, float)}
        exec(code, names)  # the program's own text
        np.savez(self.path, attentions=names["weights"].astype(np.float32))
        result = self.attnflow("attribute", str(self.path), "--method", "rollout", "--source", "0", "--format", "json")
        self.assertEqual(result.returncode, 0, code + "\n" + result.stderr)
        np.testing.assert_allclose(json.loads(result.stdout)["scores"], rollout(true), atol=margin)

    def test_parts_of_a_sum_are_divided_by_it(self):
        true = attention()
        for weights, text in ((np.round(255 * true), "about 255"), (np.round(100 * true, 1), "about 100"),
                              (np.round(100 * true), "about 100")):
            self.follow(weights, weights / weights.sum(-1, keepdims=True), text, never=("numpy.exp",))
        self.follow(100 * true, true, "every row sums to 100")

    def test_nothing_below_zero_is_never_scores(self):
        scores = RANDOM.normal(scale=1.5, size=(3, 4, 8, 8))
        self.follow(np.exp(scores), softmax(scores), "not normalised", "--edge-weights", never=("numpy.exp",))
        self.says(attention() * RANDOM.uniform(0.2, 6, (3, 4, 1, 8)), "edge weights", never=("numpy.exp",))
        self.says(softmax(scores, axis=1), "softmax was taken over another axis", never=("weights = ",))
        self.says(softmax(scores, axis=0), "softmax was taken over another axis", never=("weights = ",))

    def test_below_zero_names_scores_and_signed_weights(self):
        scores = RANDOM.normal(scale=1.5, size=(3, 4, 8, 8))
        self.follow(scores, softmax(scores), "scores before the softmax", "signed weights", start="weights")
        causal = np.tril(scores)
        self.follow(causal, softmax(np.where(np.tri(8) > 0, scores, -np.inf)), "causal mask is not in them",
                    "signed weights", start="scores")
        self.says(attention() * RANDOM.normal(size=(3, 4, 8, 8)), "signed weights", "gradients")
        self.says(attention() - 0.5 * attention(), "signed weights", "differential attention")
        self.says(np.where(np.tri(8) > 0, attention(), -1e4), "added to the weights after the softmax",
                  never=("numpy.exp",))
        true = attention()
        self.follow(np.log2(true), true, "logarithms", "numpy.exp2(weights)")
        self.follow(np.log10(true), true, "logarithms")

    def test_queries_and_keys_before_layers_and_heads(self):
        for heads in (3, 4):  # as many as layers: told by the sums
            for causal in (False, True):
                true = attention(4, heads, 6, causal)
                text = "as many layers as heads" if heads == 4 else "axes 0 and 1 are equally long"
                self.follow(np.moveaxis(true, (2, 3), (0, 1)), true, text)
        true = attention(2, 3, 8)
        self.follow(np.moveaxis(true, (2, 3), (0, 2)), true, "axes 0 and 2 are equally long")
        self.follow(np.moveaxis(true, 2, 0), true, "axes 0 and 3 are equally long")

    def test_the_skip_connection_is_taken_off(self):
        for true in (attention(), attention(causal=True)):
            self.follow(true + np.eye(8), true, "attention + I", never=("/ 2",))

    def test_heads_that_are_zero(self):
        everywhere = attention()
        everywhere[:, 1] = 0
        self.follow(everywhere, np.delete(everywhere, 1, 1), "numpy.delete(weights, [1], axis=1)")
        here = attention()
        here[1, 1] = 0
        true = np.stack([layer[layer.any((1, 2))].mean(0, keepdims=True) for layer in here])
        self.follow(here, true, "head 1 of layer 2", never=("numpy.delete",))
        here[:, 3] = 0
        true = np.stack([layer[layer.any((1, 2))].mean(0, keepdims=True) for layer in here])
        self.follow(here, true, "head 1 of layer 2", never=("numpy.delete",))
        layer = attention()
        layer[1] = 0
        self.says(layer, "layer 2 is 0 throughout", never=("weights = ",))
        row = attention()
        row[0, 2, 5] = 0
        self.says(row, "row 5 in head 2 of layer 1", never=("weights = ",))

    def test_a_tolerance_is_never_offered_for_what_it_would_hide(self):
        hard = np.eye(24)[attention(2, 2, 24).argmax(-1)]
        self.says(hard * (RANDOM.random(hard.shape) > 0.5) * 2, "dropout was on", "1/(1 - 0.5)")
        self.says(np.round(attention(n=200, sharp=0.3), 2), "store more digits")
        self.says(np.round(attention(n=64, sharp=0.3), 1), "store more digits")
        self.says(np.round(attention(n=12) * 16) / 16, "store more digits", never=("dropout",))
        self.assertIn("--row-sum-tolerance", self.refused(np.round(attention(n=8), 2)))

    def test_dropout_of_few_heads_and_of_means(self):
        for rate in (0.1, 0.5):
            one = attention(1, 1, 40)
            self.says(one * (RANDOM.random(one.shape) > rate) / (1 - rate), "dropout was on", "model.eval()")
        heads = attention(12, 12, 12)
        dropped = heads * (RANDOM.random(heads.shape) > 0.1) / 0.9
        self.says(dropped.mean(1, keepdims=True), "dropout was on", "averaged", "model.eval()")

    def test_damage_is_no_padding(self):
        for true in (attention(), attention(causal=True)):
            for row in (3, 7):
                damaged = true.copy()
                damaged[1, 2, row] = np.nan
                self.says(damaged, "NaN", never=("cut padding off",))
        padded = attention(n=5)
        whole = np.zeros((3, 4, 8, 8))
        whole[..., :5, :5] = padded
        whole[..., 5:, :] = np.nan
        message = self.says(whole, "positions 5 to 7", "cut padding off")
        code = re.search(r"`(weights = weights\[[^`]*)`", message).group(1)
        names = {"weights": whole, "mask": np.arange(8) < 5}
        exec(code, names)
        np.testing.assert_array_equal(names["weights"], padded)

    def test_deficits_name_what_leaves_them(self):
        scores = RANDOM.normal(size=(3, 4, 8, 8))
        true = softmax(np.where(np.tri(8) > 0, scores, -np.inf))
        self.follow(np.tril(softmax(scores)), true, "causal mask was applied to the weights after the softmax")
        for weights in (1 / (1 + np.exp(4 - scores)), attention() ** 2, attention(n=12)[..., 1:-1, 1:-1]):
            message = self.refused(weights)
            for text in ("a sink, and only that", "positions or a window that were cut off", "no softmax"):
                self.assertIn(text, message)

    def test_an_inverted_mask(self):
        for keep in ([1, 1, 1, 1, 1, 1, 0, 0], [0, 0, 1, 1, 1, 1, 1, 1]):
            keep = np.array(keep)
            weights = softmax(RANDOM.normal(size=(3, 4, 8, 8)) + np.where(keep > 0, 0, -np.inf))
            message = self.says(weights, "mask is inverted", attention_mask=1 - keep)
            names = {"mask": 1 - keep}
            exec(re.search(r"`(attention_mask = [^`]*)`", message).group(1), names)
            np.savez(self.path, attentions=weights.astype(np.float32), attention_mask=names["attention_mask"])
            result = self.attnflow("attribute", str(self.path), "--method", "rollout", "--source", "0", "--format",
                                   "json")
            tokens = weights[:, :, keep > 0][:, :, :, keep > 0]
            np.testing.assert_allclose(json.loads(result.stdout)["scores"], rollout(tokens), atol=1e-5)

    def test_members_that_are_no_arrays_of_numbers_are_left_out(self):
        true = attention()
        others = {"config": np.array({"a": 1}, dtype=object), "record": np.zeros(3, [("a", "f4"), ("b", "i4")]),
                  "when": np.array(["2020-01-01"], "M8[D]")}
        for name, value in others.items():
            np.savez(self.path, attentions=true, **{name: value})
            result = self.attnflow("validate", str(self.path))
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn(f"dates): {name}", result.stdout)
        self.refused(true, tokens=np.array(list("abcdefgh"), dtype=object))
        np.savez(self.path, w=true, x=others["config"])
        result = self.attnflow("validate", str(self.path), "--attention", "x")
        self.assertEqual(result.returncode, 2)
        self.assertIn("Python objects, records, dates): x", result.stderr)

    def test_every_name_that_may_be_meant_is_offered(self):
        kinds = {name: attention() for name in ("cross", "decoder", "encoder")}
        np.savez(self.path, **{f"{name}_attentions_{k}": weights[k] for name, weights in kinds.items()
                               for k in range(3)})
        message = self.attnflow("validate", str(self.path)).stderr
        for name, weights in kinds.items():
            pattern = f"{name}_attentions_*"
            self.assertIn(f"`--attention '{pattern}'`", message)
            result = self.attnflow("attribute", str(self.path), "--attention", pattern, "--method", "rollout",
                                   "--source", "0", "--format", "json")
            np.testing.assert_allclose(json.loads(result.stdout)["scores"], rollout(weights), atol=1e-5)


if __name__ == "__main__":
    ATTNFLOW = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
