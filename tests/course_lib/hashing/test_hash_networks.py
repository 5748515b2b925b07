"""A²-Net and SEMICON: their parts one by one, shapes, and what must not depend on what."""

import pytest
import torch
from torch import nn

from course_lib.networks import SmallResNet, build_backbone
from course_lib.networks.attribute_aware import A2Net, attribute_terms
from course_lib.networks.channel_transformer import (
    ChannelAttention,
    ChannelTransformer,
    signed_root,
)
from course_lib.networks.semicon import SEMICON, SuppressionGuidedAttention, split_bits
from course_lib.networks.stages import split_backbone


def maps(n=2, channels=24, height=3, width=5, seed=0):
    return torch.randn(
        n,
        channels,
        height,
        width,
        generator=torch.Generator().manual_seed(seed),
        dtype=torch.double,
    )


def images(n=2, size=32, seed=0):
    return torch.rand(n, 3, size, size, generator=torch.Generator().manual_seed(seed))


def small_backbone():
    return SmallResNet((8, 16, 64, 64))


def seeded(build, *args, **kwargs):
    torch.manual_seed(0)
    return build(*args, **kwargs).eval()


class TestSignedRoot:
    def test_is_odd_rises_and_does_not_jump_at_zero(self):
        x = torch.linspace(-9, 9, 1001, dtype=torch.double)
        y = signed_root(x)
        assert torch.allclose(y, -y.flip(0))
        assert (y.diff() > 0).all()
        assert signed_root(torch.tensor([0.0, 1e-12])).abs().max() < 1e-8

    def test_is_the_root_far_from_zero(self):
        assert signed_root(torch.tensor([-400.0])).item() == pytest.approx(-20, abs=0.01)


class TestChannelAttention:
    def test_is_what_a_loop_over_images_groups_and_channels_gives(self):
        attention = seeded(ChannelAttention, 24, 4).double()
        x = maps()
        outputs = attention.to_query_key_value(x).flatten(2)
        expected = torch.zeros(2, 24, 15, dtype=torch.double)
        for image in range(2):
            for group in range(4):
                own = outputs[image, group * 18 : (group + 1) * 18]
                query, key, value = own[:6], own[6:12], own[12:]
                for channel in range(6):
                    scores = signed_root(key @ query[channel] / 6**0.5)
                    expected[image, group * 6 + channel] = scores.softmax(0) @ value
        assert torch.allclose(attention(x).flatten(2), expected)

    def test_a_group_sees_its_own_channels_only(self):
        attention = seeded(ChannelAttention, 24, 4).double()
        x = maps()
        changed = x.clone()
        changed[:, 6:12] += 1
        difference = (attention(changed) - attention(x)).abs().amax(dim=(0, 2, 3))
        assert (difference[6:12] > 0).all()
        assert difference[:6].max() == difference[12:].max() == 0

    def test_its_weights_are_shares(self):
        weights, _ = seeded(ChannelAttention, 24, 4).double().mixture(maps())
        assert weights.shape == (2, 4, 6, 6)
        assert (weights >= 0).all()
        assert torch.allclose(weights.sum(dim=3), torch.ones(2, 4, 6, dtype=torch.double))

    def test_refuses_groups_that_do_not_divide_the_channels(self):
        with pytest.raises(ValueError, match="24 channels cannot be divided into 5 equal groups"):
            ChannelAttention(24, 5)


class TestChannelTransformer:
    @pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 5), (7, 2)])
    def test_keeps_shape_and_dtype(self, height, width):
        transformer = seeded(ChannelTransformer, 24, 4).double()
        x = maps(height=height, width=width)
        assert transformer(x).shape == x.shape
        assert transformer(x).dtype == x.dtype

    def test_treats_each_image_on_its_own_in_evaluation_mode(self):
        transformer = seeded(ChannelTransformer, 24, 4).double()
        x = maps(4)
        alone = torch.cat([transformer(image[None]) for image in x])
        assert torch.allclose(transformer(x), alone, atol=1e-12)

    def test_a_permutation_of_the_positions_permutes_the_output(self):
        transformer = seeded(ChannelTransformer, 24, 4).double()
        x = maps()
        order = torch.randperm(15, generator=torch.Generator().manual_seed(1))
        turned = x.flatten(2)[:, :, order].view_as(x)
        expected = transformer(x).flatten(2)[:, :, order].view_as(x)
        assert torch.allclose(transformer(turned), expected, atol=1e-10)

    def test_without_its_convolutions_is_its_batch_normalisation(self):
        transformer = seeded(ChannelTransformer, 24, 4).double()
        for attention in (transformer.within_heads, transformer.across_heads):
            for weight in attention.parameters():
                nn.init.zeros_(weight)
        x = maps()
        assert torch.allclose(transformer(x), transformer.norm(x))

    def test_the_second_attention_is_among_the_heads_at_one_place(self):
        # With 4 heads of 6 channels, channel 2 of head 0 meets channel 2 of the other heads.
        transformer = seeded(ChannelTransformer, 24, 4).double()
        for weight in transformer.within_heads.parameters():
            nn.init.zeros_(weight)
        x = maps()
        changed = x.clone()
        changed[:, 2] += 3
        difference = (transformer(changed) - transformer(x)).abs().amax(dim=(0, 2, 3))
        assert difference.nonzero()[:, 0].tolist() == [2, 8, 14, 20]

    def test_every_parameter_gets_a_gradient_and_zero_maps_are_finite(self):
        torch.manual_seed(0)
        transformer = ChannelTransformer(24, 4)
        transformer(maps().float()).square().sum().backward()
        assert all(p.grad is not None and p.grad.any() for p in transformer.parameters())
        still = torch.zeros(2, 24, 3, 3, requires_grad=True)
        transformer(still).sum().backward()
        assert still.grad.isfinite().all()

    def test_refuses_anything_but_maps(self):
        with pytest.raises(ValueError, match=r"x must have shape \(N, C, H, W\)"):
            ChannelTransformer(24, 4)(torch.zeros(24, 3, 3))


class TestSuppressionGuidedAttention:
    def test_masks_are_shares_of_the_positions(self):
        masks = seeded(SuppressionGuidedAttention, 24, width=8).double()(maps())
        assert masks.shape == (2, 3, 3, 5)
        assert torch.allclose(masks.sum(dim=(2, 3)), torch.ones(2, 3, dtype=torch.double))

    def test_a_peak_is_suppressed_and_the_rest_hardly_changed(self):
        attention = SuppressionGuidedAttention(4)
        scores = torch.zeros(1, 14, 14)
        scores[0, 3, 4] = 8
        mask = scores.flatten(1).softmax(1).view_as(scores)
        suppression = attention.suppression(mask)
        assert suppression[0, 3, 4] < 0.2
        rest = suppression[mask < mask.max()]
        assert ((rest > 0.99) & (rest < 1.1)).all()

    def test_a_constant_mask_suppresses_nothing(self):
        mask = torch.full((2, 5, 5), 1 / 25)
        assert torch.equal(SuppressionGuidedAttention(4).suppression(mask), torch.ones(2, 5, 5))

    def test_does_not_depend_on_the_other_images(self):
        attention = seeded(SuppressionGuidedAttention, 24, width=8).double()
        x = maps(5)
        assert torch.allclose(attention(x)[:1], attention(x[:1]), atol=1e-12)

    def test_the_second_mask_looks_elsewhere(self):
        attention = SuppressionGuidedAttention(4, n_stages=2, width=4)
        attention.reduce = nn.Identity()
        for stage in attention.stages:  # the mean channel itself
            nn.init.dirac_(stage.weight)
            nn.init.zeros_(stage.bias)
        x = torch.zeros(1, 4, 6, 6)
        x[:, :, 2, 3], x[:, :, 4, 1] = 8, 5
        first, second = attention(x)[0]
        assert first.argmax() == 2 * 6 + 3
        assert second.argmax() == 4 * 6 + 1


class TestSplitBits:
    @pytest.mark.parametrize(
        ("n_bits", "parts"),
        [
            (12, (6, 2, 2, 2)),
            (16, (10, 2, 2, 2)),
            (32, (17, 5, 5, 5)),
            (48, (24, 8, 8, 8)),
            (64, (34, 10, 10, 10)),
        ],
    )
    def test_uses_every_bit(self, n_bits, parts):
        assert split_bits(n_bits) == parts
        assert sum(parts) == n_bits

    def test_refuses_fewer_bits_than_views_need(self):
        with pytest.raises(ValueError, match="n_bits must be at least 6"):
            split_bits(5)


NETWORKS = pytest.mark.parametrize("network", [SEMICON, A2Net])


class TestNetworks:
    @NETWORKS
    @pytest.mark.parametrize("n_bits", [12, 16, 32])
    def test_give_an_output_a_bit_between_minus_one_and_one(self, network, n_bits):
        outputs = seeded(network, small_backbone(), n_bits)(images())
        assert outputs.shape == (2, n_bits)
        assert outputs.abs().max() < 1

    @NETWORKS
    def test_treat_each_image_on_its_own_in_evaluation_mode(self, network):
        model = seeded(network, small_backbone(), 12)
        together = model(images(4))
        alone = torch.cat([model(image[None]) for image in images(4)])
        assert torch.allclose(together, alone, atol=1e-5)

    @NETWORKS
    def test_train_all_their_weights(self, network):
        torch.manual_seed(0)
        model = network(small_backbone(), 12)
        model(images(4)).square().sum().backward()
        without = [name for name, weight in model.named_parameters() if weight.grad is None]
        assert without == []

    @NETWORKS
    def test_show_where_they_look(self, network):
        attention = seeded(network, small_backbone(), 12).attention_maps(images())
        assert attention.shape[2:] == (4, 4)
        assert (attention >= 0).all()

    @NETWORKS
    def test_stand_on_a_resnet_too(self, network):
        model = seeded(network, build_backbone("resnet18"), 12)
        assert model(images(1, 64)).shape == (1, 12)

    def test_semicon_may_go_without_channel_transformers(self):
        model = SEMICON(small_backbone(), 12, channel_transformers=False)
        assert not any(isinstance(m, ChannelTransformer) for m in model.modules())

    def test_of_an_unknown_backbone_are_refused(self):
        with pytest.raises(TypeError, match="Linear cannot be split: take a backbone of"):
            split_backbone(nn.Linear(2, 2))

    def test_a_split_backbone_computes_what_it_did_whole(self):
        for backbone in (small_backbone().eval(), build_backbone("resnet18").eval()):
            split = split_backbone(backbone)
            x = images(2, 64)
            assert torch.allclose(split.last(split.trunk(x)), backbone(x), atol=1e-5)
            assert split.trunk(x).shape[1] == split.middle
            assert backbone(x).shape[1] == split.out


class TestAttributeTerms:
    def test_are_zero_for_a_perfect_autoencoder(self):
        # Orthogonal attributes of equal number of + and −, and features that they explain.
        outputs = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
        weight = torch.eye(2)
        terms = attribute_terms(outputs.clone(), outputs, weight)
        assert terms.reconstruction == terms.encoding == terms.decorrelation == 0

    def test_decorrelation_names_two_bits_that_say_the_same(self):
        outputs = torch.tensor([[1.0, 1], [-1, -1], [1, 1]])
        terms = attribute_terms(outputs, outputs, torch.eye(2))
        assert terms.decorrelation.item() == pytest.approx(0.5)

    def test_decorrelation_does_not_depend_on_the_size_of_the_batch(self):
        outputs = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
        for repeated in (1, 3):
            rows = outputs.repeat(repeated, 1)
            assert attribute_terms(rows, rows, torch.eye(2)).decorrelation == 0

    def test_are_means_of_squares(self):
        generator = torch.Generator().manual_seed(0)
        x, w = torch.randn(5, 3, generator=generator), torch.randn(2, 3, generator=generator)
        v = (x @ w.T).tanh()
        terms = attribute_terms(x, v, w)
        assert terms.reconstruction.item() == pytest.approx(((v @ w - x) ** 2).sum().item() / 15)
        assert terms.encoding.item() == pytest.approx(((x @ w.T - v) ** 2).sum().item() / 10)

    def test_come_with_the_outputs_of_a_network(self):
        model = seeded(A2Net, small_backbone(), 12, n_parts=2)
        outputs, terms = model.with_terms(images())
        assert torch.allclose(outputs, model(images()), atol=1e-6)
        assert terms.reconstruction > 0

    def test_refuse_shapes_that_do_not_fit(self):
        with pytest.raises(ValueError, match=r"must be \(n, D\), \(n, C\) and \(C, D\)"):
            attribute_terms(torch.ones(2, 3), torch.ones(2, 4), torch.ones(3, 4))
