"""Embedding many images, and changing images for training."""

import pytest
import torch

from course_lib.networks import Embedder
from course_lib.training import embed, embed_dataset, mirror_and_shift
from tests.course_lib.training.examples import images, state_of


class TestEmbed:
    def test_does_not_depend_on_the_batch_size(self):
        model = Embedder()
        assert torch.allclose(embed(model, images(9), 4), embed(model, images(9)), atol=1e-6)

    def test_changes_neither_the_model_nor_its_mode(self):
        model = Embedder().train()
        before = state_of(model)
        embeddings = embed(model, images(6))
        assert model.training
        assert not embeddings.requires_grad
        assert all(torch.equal(tensor, before[name]) for name, tensor in state_of(model).items())

    def test_refuses_integers_and_other_shapes(self):
        with pytest.raises(TypeError, match="images must be floating point"):
            embed(Embedder(), torch.zeros(2, 3, 8, 8, dtype=torch.uint8))
        with pytest.raises(ValueError, match=r"images must have shape \(N, C, H, W\)"):
            embed(Embedder(), torch.zeros(3, 8, 8))


class TestEmbedDataset:
    def test_is_embed_for_items_that_come_one_by_one(self):
        model, pictures = Embedder().train(), images(9)
        embeddings, labels = embed_dataset(model, list(zip(pictures, range(9), strict=True)), 4)
        assert torch.allclose(embeddings, embed(model, pictures), atol=1e-6)
        assert labels.tolist() == list(range(9))
        assert labels.dtype == torch.int64

    def test_restores_the_mode_when_an_item_cannot_be_read(self):
        class Damaged:
            def __len__(self):
                return 3

            def __getitem__(self, index):
                raise OSError("truncated")

        model = Embedder().train()
        with pytest.raises(OSError, match="truncated"):
            embed_dataset(model, Damaged())
        assert model.training

    def test_refuses_what_has_no_length_or_no_items(self):
        with pytest.raises(TypeError, match="dataset must have a length"):
            embed_dataset(Embedder(), iter([]))
        with pytest.raises(ValueError, match="dataset is empty"):
            embed_dataset(Embedder(), [])


class TestMirrorAndShift:
    def test_without_shift_only_mirrors(self):
        torch.manual_seed(0)
        originals = images(40, 8)
        changed = mirror_and_shift(originals, max_shift=0)
        mirrored = [torch.equal(c, o.flip(2)) for c, o in zip(changed, originals, strict=True)]
        kept = [torch.equal(c, o) for c, o in zip(changed, originals, strict=True)]
        assert all(m != k for m, k in zip(mirrored, kept, strict=True))
        assert 5 < sum(mirrored) < 35

    def test_shifts_by_at_most_the_given_pixels_and_repeats_edges(self):
        torch.manual_seed(0)
        ramp = torch.arange(10.0).expand(1, 3, 10, 10)
        for _ in range(30):
            row = mirror_and_shift(ramp, max_shift=3)[0, 0, 0]
            row = row if row[0] <= row[-1] else row.flip(0)
            shift = row[5] - 5 if row[5] - row[4] else torch.tensor(9.0)
            assert abs(shift) <= 3
            assert torch.equal(row, (torch.arange(10.0) + shift).clamp(0, 9))

    def test_keeps_shape_and_input(self):
        originals = torch.rand(3, 3, 12, 20)
        before = originals.clone()
        assert mirror_and_shift(originals).shape == originals.shape
        assert torch.equal(originals, before)
