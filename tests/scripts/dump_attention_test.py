#!/usr/bin/env python3
"""Tests of scripts/dump_attention.py on made-up model outputs; exit code 77 (skipped) without NumPy.

    dump_attention_test.py path/to/attnflow
"""

import json
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

try:
    import numpy as np
except ImportError:
    print("skipped: this Python has no NumPy")
    sys.exit(77)

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import dump_attention as dump  # noqa: E402

ATTNFLOW = None


def softmax_rows(shape, seed=1, causal=False, mask=None):
    """Attention [batch, head, n, n] as a model returns it: no weight on padding or, if causal, on later positions."""
    logits = np.random.default_rng(seed).normal(size=shape)
    if causal:
        logits += np.triu(np.full(shape[-2:], -np.inf), 1)
    if mask is not None:
        logits = np.where(mask[:, None, None, :] == 1, logits, -1e9)
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)


def read_safetensors(path):
    data = Path(path).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    tensors = {name: np.frombuffer(data[8 + length:][slice(*entry["data_offsets"])],
                                   dump.DTYPES[entry["dtype"]]).reshape(entry["shape"])
               for name, entry in header.items() if name != "__metadata__"}
    return tensors, header["__metadata__"]


class DumpAttention(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name) / "out.safetensors"

    def dump(self, mask, causal=False, wrap=lambda array: array, **options):
        mask = np.array(mask)
        batch, n = mask.shape
        layers = [softmax_rows((batch, 2, n, n), seed, causal, mask) for seed in range(3)]
        ids = np.arange(batch * n).reshape(batch, n)
        examples = dump.examples_of_batch([f"ex{b}" for b in range(batch)], [wrap(layer) for layer in layers],
                                          wrap(mask), [[f"t{i}" for i in row] for row in ids],
                                          {"input_ids": wrap(ids)}, heads=2)
        dump.write_dataset(self.path, examples, special_tokens=["t0"], **options)
        return layers

    def validate(self):
        if ATTNFLOW is None:
            self.skipTest("no attnflow given")
        done = subprocess.run([ATTNFLOW, "validate", self.path], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_padding_is_cut_off_on_either_side(self):
        layers = self.dump([[1, 1, 1, 1], [0, 1, 1, 1], [1, 1, 0, 0]])
        tensors, metadata = read_safetensors(self.path)
        self.assertEqual([tensors[f"ex{b}.attentions"].shape for b in range(3)], [(3, 2, 4, 4), (3, 2, 3, 3), (3, 2, 2, 2)])
        np.testing.assert_array_equal(tensors["ex1.attentions"][2], layers[2][1][:, 1:, 1:])
        np.testing.assert_array_equal(tensors["ex2.attentions"][0], layers[0][2][:, :2, :2])
        self.assertEqual(tensors["ex1.input_ids"].tolist(), [5, 6, 7])
        self.assertEqual([entry["tokens"] for entry in json.loads(metadata["examples"])][1:],
                         [["t5", "t6", "t7"], ["t8", "t9"]])
        self.assertIn("3 examples, 3 layers, 2 heads, F32, 2 to 4 tokens", self.validate())

    def test_causal_attention_stays_causal(self):
        self.dump([[1, 1, 1], [1, 1, 0]], causal=True, dtype="F16")
        self.assertIn("2 examples are causal", self.validate())

    def test_torch_tensors(self):
        try:
            import torch
        except ImportError:
            self.skipTest("no torch")
        def half(array):
            tensor = torch.from_numpy(array)
            return tensor.double().requires_grad_() if tensor.is_floating_point() else tensor
        self.dump([[1, 1, 1]], wrap=half)
        self.validate()
        self.assertEqual(dump.to_numpy(torch.ones(2, dtype=torch.bfloat16)).dtype, np.float32)

    def refusal(self, attentions, mask=((1, 1, 1),), **options):
        mask = np.array(mask)
        with self.assertRaises(dump.DumpError) as caught:
            dump.examples_of_batch(["ex0"] * len(mask), attentions, mask, [["a"] * mask.shape[1]] * len(mask), {},
                                   **options)
        return str(caught.exception)

    def test_what_is_no_attention_is_refused_with_the_cure(self):
        good = softmax_rows((1, 2, 3, 3))
        self.assertIn('attn_implementation="eager"', self.refusal(None))
        self.assertIn('attn_implementation="eager"', self.refusal([]))
        self.assertIn('attn_implementation="eager"', self.refusal([good, None]))
        self.assertIn("layers.K", self.refusal([good, softmax_rows((1, 2, 2, 2))]))
        self.assertIn("within windows", self.refusal([softmax_rows((4, 2, 3, 3))]))
        self.assertIn("use_cache=False", self.refusal([softmax_rows((1, 2, 1, 3))]))
        self.assertIn("grouped queries", self.refusal([good], heads=8))
        self.assertIn("model.eval()", self.refusal([good * 1.1]))
        self.assertIn("not given attention_mask", self.refusal([good], mask=[[1, 1, 0]]))
        self.assertIn("swapaxes", self.refusal([np.swapaxes(good, -1, -2)]))
        self.assertIn("--row-sum-tolerance 0.2", self.refusal([good * np.array([0.8, 0.9, 0.95])[:, None]]))
        dropped = np.where(np.random.default_rng(5).random((1, 2, 40, 40)) < 0.1, 0, softmax_rows((1, 2, 40, 40)) / 0.9)
        self.assertIn("model.eval()", self.refusal([dropped], mask=[[1] * 40]))
        self.assertIn("before the softmax", self.refusal([good - 0.5]))
        self.assertIn("NaN", self.refusal([good * np.nan]))
        self.assertIn("without tokens", self.refusal([good], mask=[[0, 0, 0]]))

    def test_rows_are_held_to_the_precision_of_the_values(self):
        exact = softmax_rows((1, 2, 24, 24))
        bits = exact.view(np.uint32)
        bfloat16 = ((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32)
        for values, tolerance in ((exact, 1e-4), (bfloat16, 2e-2), (exact.astype(np.float16).astype(np.float32), 2e-3)):
            self.assertEqual(dump.row_sum_tolerance(values), tolerance)
        examples = dump.examples_of_batch(["ex0"], [bfloat16], np.ones((1, 24)), [["t"] * 24], {})
        dump.write_dataset(self.path, examples)
        self.assertIn("values that BF16 holds exactly", self.validate())

    def test_nothing_is_left_of_a_file_that_failed(self):
        example = dump.Example("a", softmax_rows((1, 2, 3, 3)), ["x"] * 3)
        with self.assertRaises(dump.DumpError):
            dump.write_dataset(self.path, [example, example])
        with self.assertRaises(dump.DumpError):
            dump.write_dataset(self.path, [dump.Example("a", softmax_rows((1, 2, 3, 3)), ["x"])])
        with self.assertRaises(OSError):
            dump.write_dataset(self.path.parent / "missing" / "out", [example])
        self.assertEqual(list(self.path.parent.iterdir()), [])

    def test_patches_have_names(self):
        self.assertEqual(dump.patch_names(5, (2, 2)), ["[CLS]", "0,0", "0,1", "1,0", "1,1"])
        self.assertEqual(dump.patch_names(6, (2, 2)), ["[CLS]", "[X1]", "0,0", "0,1", "1,0", "1,1"])
        self.assertEqual(dump.patch_names(4, (2, 2)), ["0,0", "0,1", "1,0", "1,1"])
        wide = dump.patch_names(1 + 14 * 20, (14, 20))  # a square would leave 25 tokens over
        self.assertEqual([wide[0], wide[1], wide[20], wide[21], wide[-1]], ["[CLS]", "0,0", "0,19", "1,0", "13,19"])
        self.assertEqual(dump.patch_names(5), ["0", "1", "2", "3", "4"])
        self.assertEqual(dump.patch_names(5, (3, 3)), ["0", "1", "2", "3", "4"])

    def test_the_grid_of_patches_is_that_of_the_config(self):
        self.assertEqual(dump.patch_grid(SimpleNamespace(image_size=224, patch_size=16)), (14, 14))
        self.assertEqual(dump.patch_grid(SimpleNamespace(image_size=[224, 320], patch_size=16)), (14, 20))
        self.assertEqual(dump.patch_grid(SimpleNamespace(image_size=(64, 64), patch_size=(16, 32))), (4, 2))
        for config in (SimpleNamespace(), SimpleNamespace(image_size=224), SimpleNamespace(image_size=224, patch_size=0),
                       SimpleNamespace(image_size=[1, 2, 3], patch_size=1)):
            self.assertIsNone(dump.patch_grid(config))

    def test_images(self):
        config = SimpleNamespace(image_size=[4, 6], patch_size=2, num_attention_heads=2)
        examples = dump.examples_of_images(["a", "b"], [softmax_rows((2, 2, 7, 7))], config)
        self.assertEqual(examples[1].tokens, ["[CLS]", "0,0", "0,1", "0,2", "1,0", "1,1", "1,2"])
        for nothing in (None, (), (None, None)):
            with self.assertRaisesRegex(dump.DumpError, 'attn_implementation="eager"'):
                dump.examples_of_images(["a"], nothing, config)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        ATTNFLOW = sys.argv.pop(1)
    unittest.main()
