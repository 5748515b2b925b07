"""ADSH's alternation: what it learns, repeats and leaves alone."""

import pytest
import torch
from torch import nn

from course_lib.hashing import (
    ITQ,
    LSH,
    AlternationSettings,
    AsymmetricHashing,
    hamming_mean_average_precision,
    learn_asymmetric,
    pack_codes,
)
from course_lib.networks import SmallResNet
from course_lib.networks.attribute_aware import A2Net
from course_lib.networks.semicon import SEMICON
from tests.course_lib.training.examples import striped_birds

QUICK = AlternationSettings(rounds=3, sample_size=200, epochs=3, learning_rate=1e-2)


def clusters(n, seed, n_classes=12, d=32):
    """Overlapping clusters: the classes are told apart by what they have in common, hardly else."""
    centres = torch.randn(n_classes, d, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(n_classes, (n,), generator=generator)
    return centres[labels] + 1.5 * torch.randn(n, d, generator=generator), labels


def precision(queries, query_labels, database, labels):
    return hamming_mean_average_precision(
        pack_codes(queries), query_labels, pack_codes(database), labels
    )


class TestAsymmetricHashing:
    def test_beats_what_knows_no_labels_and_itq_beats_lsh(self):
        (x, labels), (queries, query_labels) = clusters(600, seed=1), clusters(150, seed=2)
        lsh, itq = LSH(24).fit(x), ITQ(24).fit(x)
        learnt = AsymmetricHashing(24, settings=QUICK).fit(x, labels)
        by_lsh, by_itq = (
            precision(h.transform(queries), query_labels, h.transform(x), labels)
            for h in (lsh, itq)
        )
        by_labels = precision(learnt.transform(queries), query_labels, learnt.codes_, labels)
        assert by_lsh + 0.03 < by_itq
        assert by_itq + 0.1 < by_labels

    def test_finding_the_codes_never_raises_the_objective(self):
        objectives = AsymmetricHashing(12, settings=QUICK).fit(*clusters(300, seed=1)).objectives_
        assert len(objectives) == 3
        assert all(after <= before + 1e-6 for before, after in objectives)
        assert objectives[-1][1] < objectives[0][0]

    def test_repeats_itself_and_leaves_the_global_generator(self):
        before = torch.get_rng_state()
        x, labels = clusters(100, seed=1)
        one, two = (AsymmetricHashing(8, settings=QUICK).fit(x, labels) for _ in "ab")
        assert torch.equal(one.codes_, two.codes_)
        assert torch.equal(one.transform(x), two.transform(x))
        assert torch.equal(torch.get_rng_state(), before)

    def test_gives_codes_for_the_database_and_for_queries(self):
        x, labels = clusters(50, seed=1)
        learnt = AsymmetricHashing(8, settings=QUICK).fit(x.double(), labels)
        assert learnt.codes_.shape == (50, 8)
        assert learnt.transform(x[:5].double()).shape == (5, 8)
        assert set(learnt.codes_.unique().tolist()) == {-1, 1}

    def test_refuses_labels_that_do_not_fit(self):
        with pytest.raises(ValueError, match="y has 3 entries for 5 rows"):
            AsymmetricHashing(8).fit(torch.zeros(5, 4), torch.zeros(3).long())


class TestLearnAsymmetric:
    @pytest.mark.parametrize("build", [A2Net, SEMICON])
    def test_trains_a_network_end_to_end(self, build):
        pictures, labels = striped_birds()
        torch.manual_seed(0)
        network = build(SmallResNet((8, 16)), 8)
        weights = {name: value.clone() for name, value in network.named_parameters()}
        settings = AlternationSettings(rounds=2, epochs=2, batch_size=16)
        learnt = learn_asymmetric(network, pictures, labels, settings)
        assert learnt.codes.shape == (len(labels), 8)
        moved = [n for n, value in network.named_parameters() if not torch.equal(value, weights[n])]
        assert len(moved) == len(weights)

    def test_takes_no_more_than_the_database_for_a_sample(self):
        network = nn.Sequential(nn.Linear(4, 8), nn.Tanh())
        x, labels = torch.randn(10, 4), torch.arange(10) % 2
        settings = AlternationSettings(rounds=1, sample_size=2000)
        assert learn_asymmetric(network, x, labels, settings).codes.shape == (10, 8)

    def test_bytes_are_the_same_as_their_images_in_0_to_1(self):
        pictures, labels = striped_birds()
        as_bytes = (pictures * 255).round().to(torch.uint8)
        learnt = []
        for inputs in (as_bytes, as_bytes.float() / 255):
            torch.manual_seed(0)
            network = A2Net(SmallResNet((8, 16)), 8)
            settings = AlternationSettings(rounds=1, epochs=1, batch_size=16)
            learnt.append(learn_asymmetric(network, inputs, labels, settings).codes)
        assert torch.equal(*learnt)

    def test_changes_the_batches_that_it_learns_from_and_no_others(self):
        network = nn.Sequential(nn.Linear(4, 8), nn.Tanh())
        seen = []

        def look(batch):
            seen.append(len(batch))
            return batch

        settings = AlternationSettings(rounds=2, epochs=3, sample_size=10, batch_size=4)
        learn_asymmetric(network, torch.randn(20, 4), torch.arange(20) % 2, settings, augment=look)
        assert seen == [4, 4, 2] * 6

    @pytest.mark.parametrize("build", [A2Net, SEMICON])
    def test_in_bfloat16_outputs_and_codes_stay_float32(self, build):
        pictures, labels = striped_birds()
        network = build(SmallResNet((8, 16)), 8)
        settings = AlternationSettings(rounds=1, epochs=1, batch_size=16, precision="bfloat16")
        learnt = learn_asymmetric(network, pictures, labels, settings)
        assert learnt.codes.dtype == torch.float32
        assert all(value.dtype == torch.float32 for value in network.parameters())
        assert torch.tensor(learnt.objectives).isfinite().all()

    def test_outputs_that_are_not_finite_are_said(self):
        network = nn.Sequential(nn.Linear(4, 8), nn.Tanh())
        settings = AlternationSettings(rounds=1, sample_size=10)
        inputs = torch.full((20, 4), float("nan"))
        with pytest.raises(FloatingPointError, match="no longer finite: lower learning_rate"):
            learn_asymmetric(network, inputs, torch.arange(20) % 2, settings)

    @pytest.mark.parametrize("changed", [{"rounds": 0}, {"gamma": 0.0}, {"learning_rate": -1}])
    def test_refuses_bad_settings(self, changed):
        with pytest.raises(ValueError):
            AlternationSettings(**changed)

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
    def test_on_a_gpu_codes_come_back_to_the_cpu(self):
        network = nn.Sequential(nn.Linear(4, 8), nn.Tanh()).cuda()
        x, labels = torch.randn(100, 4), torch.arange(100) % 5
        assert learn_asymmetric(network, x, labels, QUICK).codes.device.type == "cpu"
