"""Backbones, embedder, frozen batch norm: shapes, modes, what changes and what does not."""

import copy
import urllib.error

import pytest
import torch
from torch import nn

from course_lib.networks import (
    Classifier,
    Embedder,
    PretrainedWeightsError,
    SmallResNet,
    build_backbone,
    freeze_batch_norm,
    load_embedder,
)
from course_lib.training import save_weights


def images(n, size=32):
    return torch.rand(n, 3, size, size, generator=torch.Generator().manual_seed(0))


class TestSmallResNet:
    def test_has_about_300_000_parameters(self):
        count = sum(parameter.numel() for parameter in SmallResNet().parameters())
        assert 290_000 < count < 320_000

    def test_makes_4_x_4_maps_of_64_pixel_images(self):
        assert SmallResNet()(images(2, 64)).shape == (2, 128, 4, 4)

    def test_works_in_channels_last(self):
        features = SmallResNet()(images(2, 64).to(memory_format=torch.channels_last))
        assert features.is_contiguous(memory_format=torch.channels_last)


class TestEmbedder:
    def test_gives_unit_vectors(self):
        embeddings = Embedder()(images(5))
        assert embeddings.shape == (5, 128)
        assert torch.allclose(embeddings.norm(dim=1), torch.ones(5), atol=1e-6)

    def test_does_not_depend_on_the_scale_of_the_features(self):
        model = Embedder(nn.Conv2d(3, 8, 3, bias=False))
        before = model(images(4))
        with torch.no_grad():
            model.backbone.weight *= 100
        assert torch.allclose(model(images(4)), before, atol=1e-6)

    def test_lets_gradients_reach_every_layer(self):
        model = Embedder()
        model(images(4, 64))[:, 0].sum().backward()
        assert all(parameter.grad is not None for parameter in model.parameters())

    def test_a_projection_sets_the_width_and_comes_before_normalisation(self):
        model = Embedder(SmallResNet((8, 16)), dimensions=5)
        embeddings = model(images(4))
        assert embeddings.shape == (4, model.out_features) == (4, 5)
        assert torch.allclose(embeddings.norm(dim=1), torch.ones(4), atol=1e-6)

    def test_pooling_can_be_another(self):
        class Largest(nn.Module):
            def forward(self, features):
                return features.amax(dim=(2, 3))

        backbone = SmallResNet((8, 16))
        expected = nn.functional.normalize(backbone(images(4)).amax(dim=(2, 3)))
        assert torch.allclose(Embedder(backbone, pooling=Largest())(images(4)), expected, atol=1e-6)

    def test_a_backbone_that_does_not_tell_its_width_is_refused_where_it_matters(self):
        backbone = nn.Sequential(nn.Conv2d(3, 8, 3))
        assert Embedder(backbone)(images(2)).shape == (2, 8)
        with pytest.raises(ValueError, match="give it an integer attribute out_channels"):
            Embedder(backbone, dimensions=4)

    def test_under_autocast_only_the_backbone_is_in_bfloat16(self):
        model = Embedder(SmallResNet((8, 16)), dimensions=4)
        with torch.autocast("cpu", torch.bfloat16):
            features, embeddings = model.backbone(images(4)), model(images(4))
        assert features.dtype == torch.bfloat16
        assert embeddings.dtype == torch.float32
        assert torch.allclose(embeddings.norm(dim=1), torch.ones(4), atol=1e-6)


class TestClassifier:
    def test_gives_logits_and_trains_the_embedder(self):
        embedder = Embedder(SmallResNet((8, 16)), dimensions=6)
        model = Classifier(embedder, 7)
        logits = model(images(4))
        logits.sum().backward()
        assert logits.shape == (4, 7)
        assert model.embedder is embedder
        assert all(parameter.grad is not None for parameter in embedder.parameters())

    def test_refuses_a_single_class(self):
        with pytest.raises(ValueError, match="n_classes must be at least 2, got 1"):
            Classifier(Embedder(), 1)


class TestBuildBackbone:
    @pytest.mark.parametrize(("name", "channels"), [("small", 128), ("resnet18", 512)])
    def test_gives_feature_maps_of_the_width_that_it_tells(self, name, channels):
        backbone = build_backbone(name)
        assert backbone.out_channels == channels
        assert backbone(images(2, 64)).shape[:2] == (2, channels)

    def test_a_torchvision_network_standardises_images_itself(self):
        backbone = build_backbone("resnet18").eval()
        grey = torch.tensor([0.485, 0.456, 0.406])[:, None, None].expand(1, 3, 64, 64)
        first = backbone.stem[0](torch.zeros_like(grey))
        seen = []
        backbone.stem[0].register_forward_hook(lambda *given: seen.append(given[-1]))
        backbone(grey)
        assert torch.equal(seen[0], first)

    def test_an_unknown_name_lists_the_known_ones(self):
        with pytest.raises(ValueError, match=r"one of 'small', 'resnet18', .*'vgg'"):
            build_backbone("vgg")

    def test_the_small_one_has_no_pretrained_weights(self):
        with pytest.raises(ValueError, match="no pretrained weights of the 'small' backbone"):
            build_backbone("small", pretrained=True)

    @pytest.mark.parametrize(
        "problem",
        [
            urllib.error.URLError("no route to host"),
            RuntimeError('invalid hash value (expected "x")'),
        ],
    )
    def test_weights_that_cannot_be_had_name_file_and_folder(self, problem, monkeypatch, tmp_path):
        def fail(*_, **__):
            raise problem

        monkeypatch.setattr(torch.hub, "download_url_to_file", fail)
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        with pytest.raises(PretrainedWeightsError) as raised:
            build_backbone("resnet18", pretrained=True)
        assert "resnet18" in str(raised.value)
        assert "resnet18-f37072fd.pth" in str(raised.value)
        assert f"into {tmp_path}" in str(raised.value)
        assert "train without pretrained weights" in str(raised.value)


BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def batch_norms(model):
    return [module for module in model.modules() if isinstance(module, BATCH_NORMS)]


def train(model, steps=3):
    """SGD with momentum and weight decay, which would shrink what is not frozen."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    for _ in range(steps):
        model.train()
        optimizer.zero_grad()
        model(images(8) * 3)[:, 0].sum().backward()
        optimizer.step()


class TestFreezeBatchNorm:
    def test_keeps_every_tensor_of_every_batch_norm_through_training(self):
        model = Embedder(SmallResNet((8, 16)))
        freeze_batch_norm(model)
        before = copy.deepcopy([norm.state_dict() for norm in batch_norms(model)])
        train(model)
        after = [norm.state_dict() for norm in batch_norms(model)]
        assert len(before) == 6
        for old, new in zip(before, after, strict=True):
            assert len(old) == 5
            assert all(torch.equal(new[name], old[name]) for name in old)

    def test_leaves_all_other_layers_trainable(self):
        model = Embedder(SmallResNet((8, 16)))
        freeze_batch_norm(model)
        before = {name: p.clone() for name, p in model.named_parameters() if p.requires_grad}
        train(model)
        after = dict(model.named_parameters())
        assert len(before) == 6  # the convolutions
        assert all(not torch.equal(after[name], p) for name, p in before.items())

    def test_train_and_eval_reach_everything_but_batch_norm(self):
        model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Dropout())
        freeze_batch_norm(model)
        assert [module.training for module in model.train()] == [True, False, True]
        assert [module.training for module in model.eval()] == [False] * 3
        assert [module.training for module in model.train()] == [True, False, True]

    def test_an_image_no_longer_depends_on_its_batch(self):
        model = Embedder(SmallResNet((8, 16)))
        freeze_batch_norm(model)
        model.train()
        assert torch.allclose(model(images(6))[:2], model(images(6)[:2]), atol=1e-6)

    def test_forgets_gradients_from_before(self):
        model = Embedder(SmallResNet((8, 16)))
        model(images(8))[:, 0].sum().backward()
        freeze_batch_norm(model)
        assert all(p.grad is None for norm in batch_norms(model) for p in norm.parameters())

    @pytest.mark.parametrize("kind", BATCH_NORMS)
    def test_freezes_each_kind_with_scale_and_without(self, kind):
        for affine in (True, False):
            norm = kind(4, affine=affine)
            freeze_batch_norm(norm)
            assert not norm.train().training
            assert not any(p.requires_grad for p in norm.parameters())

    def test_a_copy_is_frozen_too(self):
        model = nn.Sequential(nn.BatchNorm2d(3))
        freeze_batch_norm(model)
        twin = copy.deepcopy(model)
        assert not twin.train()[0].training

    def test_refuses_what_is_no_module(self):
        with pytest.raises(TypeError, match="got type; make one of it by calling it"):
            freeze_batch_norm(SmallResNet)


class TestLoadEmbedder:
    def test_gives_the_embeddings_of_the_network_that_was_saved(self, tmp_path):
        saved = Embedder()
        saved(images(8))  # moves the running statistics
        save_weights(saved.state_dict(), tmp_path / "weights.safetensors")
        for path in (tmp_path / "weights.safetensors", str(tmp_path / "weights.safetensors")):
            loaded = load_embedder(path)
            assert not any(module.training for module in loaded.modules())
            assert torch.equal(loaded(images(3)), saved.eval()(images(3)))

    def test_refuses_the_weights_of_another_network(self, tmp_path):
        save_weights(Embedder(dimensions=8).state_dict(), tmp_path / "weights.safetensors")
        with pytest.raises(RuntimeError, match=r"projection\.weight"):
            load_embedder(tmp_path / "weights.safetensors")

    @pytest.mark.parametrize("path", [None, 3, b"weights"])
    def test_a_path_is_a_string_or_a_path(self, path):
        with pytest.raises(TypeError, match="path must be a string or a Path"):
            load_embedder(path)
