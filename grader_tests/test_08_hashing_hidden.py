"""Hidden tests of assignment 08, learning to hash: inputs drawn with the instructor's secret."""

from __future__ import annotations

import torch

from autograder.testing.declarations import graded, hidden_tests
from autograder.testing.errors import SubmissionError
from autograder.testing.expectations import (
    Misconception,
    expect,
    expect_close,
    expect_gradient,
    expect_tensor,
    fail,
)
from course_lib.hashing import (
    asymmetric_loss,
    average_precision_at_k,
    binarize,
    bit_attribute_information,
    hamming_distances,
    itq_rotation_step,
    pack_codes,
    update_codes,
)
from course_lib.networks.channel_transformer import ChannelTransformer
from grader_tests.test_08_hashing import (
    MANY,
    drawn_maps,
    drawn_problem,
    drawn_weights,
    expect_kept,
    expect_least,
    expect_orthogonal,
    expect_packed,
    expect_shares,
    fitted,
    shares,
    transformed,
    turning,
    watched,
)


@hidden_tests("binarize")
class TestBinarizeHidden:
    """Drawn outputs, and autograd."""

    @graded(1, "drawn outputs; no gradient flows back")
    def test_drawn(self, submission, draw):
        outputs = torch.randn(9, 12, generator=draw, dtype=torch.float64)
        outputs[torch.rand(9, 12, generator=draw) < 0.2] = 0
        expect_close(
            submission.call(outputs),
            binarize(outputs),
            what="the matrix",
            given="drawn outputs, some 0",
        )
        value = submission.call(outputs.requires_grad_())
        expect_close(value, binarize(outputs), what="the matrix", given="outputs with a gradient")
        expect(
            not value.requires_grad,
            "the codes of outputs that require a gradient should be no part of the graph; they "
            "require one, too.",
            misconception=Misconception(
                "lets autograd through",
                "The derivative of a step is 0 wherever there is one, so a gradient here would be "
                "of no use, or an invented one. Use outputs.detach().",
            ),
        )


def drawn_codes(draw: torch.Generator, count: int, n_bits: int) -> torch.Tensor:
    """Codes of -1 and +1."""
    return torch.randint(2, (count, n_bits), generator=draw).float() * 2 - 1


@hidden_tests("pack_codes")
class TestPackCodesHidden:
    """Drawn codes, compared with the reference."""

    @graded(1, "drawn codes of 1 to 100 bits, and no code at all")
    def test_drawn(self, submission, draw):
        for n_bits in (1, 7, 8, 9, 33, 64, 100):
            codes = drawn_codes(draw, 6, n_bits)
            packed, (after,) = submission.call(codes, return_args=True)
            expect_packed(packed, pack_codes(codes), f"six drawn codes of {n_bits} bits")
            expect_kept(after, codes, "the codes")
        expect_packed(
            submission.call(torch.zeros(0, 12)),
            torch.zeros(0, 2, dtype=torch.uint8),
            "no code, of 12 bits,",
        )


@hidden_tests("hamming_distances")
class TestHammingDistancesHidden:
    """Drawn codes, compared with the reference."""

    @graded(2, "drawn codes of 1 to 70 bytes")
    def test_drawn(self, submission, draw):
        for n_bytes in (1, 3, 8, 16, 70):
            x, y = (
                torch.randint(256, (n, n_bytes), generator=draw).to(torch.uint8) for n in (9, 7)
            )
            expect_close(
                submission.call(x, y),
                hamming_distances(x, y),
                what="the matrix",
                given=f"drawn codes of {n_bytes} bytes",
            )

    @graded(1, "no codes, and codes that stay as they are")
    def test_none(self, submission, draw):
        x, y = (torch.randint(256, (n, 2), generator=draw).to(torch.uint8) for n in (3, 4))
        value, (after, after_y) = submission.call(x.clone(), y.clone(), return_args=True)
        expect_close(value, hamming_distances(x, y), what="the matrix", given="drawn codes")
        expect_kept(after, x, "x")
        expect_kept(after_y, y, "y")
        for few, many in ((x[:0], y), (x, y[:0])):
            expect_close(
                submission.call(few, many),
                torch.zeros(len(few), len(many), dtype=torch.int16),
                what="the matrix",
                given=f"{len(few)} codes of x and {len(many)} of y",
            )


@hidden_tests("average_precision_at_k")
class TestAveragePrecisionAtKHidden:
    """Drawn rankings, compared with the reference."""

    @graded(2, "drawn distances with many ties, every divisor")
    def test_drawn(self, submission, draw):
        distances = torch.randint(0, 9, (8, 60), generator=draw).to(torch.int16)
        relevant = torch.rand(8, 60, generator=draw) < 0.3
        relevant[:, 0] = True  # each query has something to find
        for k in (1, int(torch.randint(2, 59, (), generator=draw)), 60):
            for divisor in ("found", "possible", "relevant"):
                expect_close(
                    submission.call(distances, relevant, k, divisor=divisor),
                    average_precision_at_k(distances, relevant, k, divisor=divisor),
                    what="the average precision",
                    given=f'eight drawn queries among 60 items, k={k}, divisor="{divisor}"',
                )

    @graded(1, "integers of any kind, few and many relevant; arguments stay as they are")
    def test_kinds(self, submission, draw):
        distances = torch.randint(0, 200, (4, 300), generator=draw)
        relevant = torch.rand(4, 300, generator=draw) < torch.tensor([[0.1], [0.5], [0.9], [1.1]])
        relevant[0, 0] = True
        for dtype in (torch.uint8, torch.int16, torch.int64):
            given = distances.to(dtype)
            value, (after, after_relevant, _) = submission.call(
                given.clone(), relevant.clone(), 10, return_args=True
            )
            expect_close(
                value,
                average_precision_at_k(given, relevant, 10),
                what="the average precision",
                given=f"four drawn queries among 300 items, distances of {dtype}, k=10",
                help="What is computed from the distances may not fit their dtype: it ends at 255 "
                "for uint8, at 32767 for int16. Use .long() first.",
            )
            expect_kept(after, given, "distances")
            expect_kept(after_relevant, relevant, "relevant")


@hidden_tests("lsh")
class TestLSHHidden:
    """Drawn features."""

    @graded(1, "drawn features of either precision, wide and narrow")
    def test_drawn(self, submission, draw):
        for width, dtype in ((3, torch.float64), (40, torch.float32)):
            features = torch.randn(6, width, generator=draw, dtype=torch.float64)
            features += 3 * torch.randn(width, generator=draw, dtype=torch.float64)
            centred = features - features.mean(dim=0)
            angles = torch.acos(torch.cosine_similarity(centred[0::2], centred[1::2]))
            seed = int(torch.randint(1000, (), generator=draw))
            hasher = fitted(submission, features.to(dtype), n_bits=MANY, seed=seed)
            pairs = torch.cat([features, features]).to(dtype)  # shares() looks at the first half
            codes = transformed(hasher, pairs, MANY)
            expect_shares(shares(codes), angles.tolist(), f"in {width} dimensions, seen from the "
                          "mean of drawn features,")  # fmt: skip


@hidden_tests("itq_rotation_step")
class TestITQRotationStepHidden:
    """Drawn rows, compared with the reference."""

    @graded(2, "drawn rows of either precision, and fewer rows than bits")
    def test_drawn(self, submission, draw):
        for count, size in ((60, 6), (25, 3), (3, 8)):
            projected, rotation = turning(count, size, draw)
            expect_least(submission.call(projected, rotation), projected, rotation)
        projected, rotation = turning(80, 6, draw)
        given = "80 drawn rows of 6 numbers"
        expect_close(
            submission.call(projected, rotation),
            itq_rotation_step(projected, rotation),
            atol=1e-9,
            what="the rotation",
            given=f"{given} in float64",
            help="Stay in the dtype of the rows.",
        )
        single = submission.call(projected.float(), rotation.float())
        expect_orthogonal(single, 6, f"{given} in float32", atol=1e-4)
        expect_tensor(single, dtype=torch.float32, what="the rotation of rows in float32")

    @graded(1, "the rows and the rotation stay as they are")
    def test_kept(self, submission, draw):
        projected, rotation = turning(20, 4, draw)
        value, (after, after_rotation) = submission.call(projected, rotation, return_args=True)
        expect_least(value, projected, rotation)
        expect_kept(after, projected, "projected")
        expect_kept(after_rotation, rotation, "rotation")


@hidden_tests("asymmetric_loss")
class TestAsymmetricLossHidden:
    """Drawn batches, in both precisions."""

    @graded(2, "drawn batches, float32 and float64; the arguments stay as they are")
    def test_drawn(self, submission, draw):
        for dtype in (torch.float32, torch.float64):
            batch = drawn_batch(draw, dtype)
            value, after = submission.call(*batch, 5.0, return_args=True)
            expect_tensor(value, shape=(), dtype=dtype, what="the loss")
            expect_close(
                value, asymmetric_loss(*batch, 5.0), what="the loss", given="a drawn batch",
                atol=1e-4 if dtype == torch.float32 else 1e-9,
            )  # fmt: skip
            for name, now, then in zip(("outputs", "codes"), after, batch, strict=False):
                expect_kept(now, then, f"the tensor of {name}")

    @graded(1, "the gradient of a drawn batch, float64", after="test_drawn")
    def test_drawn_gradient(self, submission, draw):
        batch = drawn_batch(draw, torch.float64)
        outputs = batch[0].clone().requires_grad_()
        (expected,) = torch.autograd.grad(asymmetric_loss(outputs, *batch[1:], 5.0), outputs)
        _, gradients = submission.vjp(*batch, 5.0, wrt=(0,))
        expect_gradient(gradients[0], expected, of="outputs", count=77, given="a drawn batch")


def drawn_batch(draw, dtype):
    """7 outputs of 5 bits, 11 codes, similarities of any size, and a sample in no order."""
    return (
        torch.rand(7, 5, generator=draw, dtype=dtype) * 2 - 1,
        torch.randint(2, (11, 5), generator=draw).to(dtype) * 2 - 1,
        torch.rand(7, 11, generator=draw, dtype=dtype) * 2 - 1,
        torch.randperm(11, generator=draw)[:7],
    )


@hidden_tests("update_codes")
class TestUpdateCodesHidden:
    """Drawn problems, compared with the reference."""

    @graded(2, "drawn problems of several sizes and gammas, and the default gamma")
    def test_drawn(self, submission, draw):
        for n_items, n_outputs, n_bits in ((1, 1, 1), (30, 30, 5), (60, 7, 12), (20, 12, 33)):
            codes, outputs, sample, similarities = drawn_problem(draw, n_items, n_outputs, n_bits)
            products = similarities.T @ outputs
            for gamma in ((), (0.0,), (float(torch.rand((), generator=draw)) * 10,)):
                expect_close(
                    submission.call(codes, outputs, sample, products, *gamma),
                    update_codes(codes, outputs, sample, products, *gamma),
                    what="the matrix of new codes",
                    given=f"a drawn problem: {n_items} images, {n_outputs} outputs, {n_bits} bits, "
                    f"gamma {gamma[0] if gamma else 'left out'}",
                    same_dtype=False,
                )

    @graded(1, "the codes keep their dtype, and no gradient flows")
    def test_dtype_and_gradient(self, submission, draw):
        codes, outputs, sample, similarities = drawn_problem(draw, 12, 5, 6)
        for dtype in (torch.float32, torch.float64):
            old, rows = codes.to(dtype), outputs.to(dtype).requires_grad_()
            products = similarities.to(dtype).T @ rows.detach()
            value = expect_tensor(
                submission.call(old, rows, sample, products.requires_grad_()),
                what="the matrix of new codes",
            )
            expect(
                value.dtype is dtype,
                f"codes of {dtype} should give codes of {dtype}; they give {value.dtype}.",
                misconception=Misconception(
                    "loses the dtype of the codes",
                    "Write the columns into a clone of the codes: it has their dtype.",
                ),
            )
            expect(
                not value.requires_grad,
                "the new codes should be no part of the graph; they require a gradient.",
                misconception=Misconception(
                    "lets autograd through",
                    "The network rests while codes are found, and the sign has no gradient. Use "
                    "outputs.detach() and products.detach().",
                ),
            )
            expect_close(
                value,
                update_codes(old, rows, sample, products),
                what="the matrix of new codes",
                given=f"a drawn problem of {dtype}",
            )


@hidden_tests("channel_transformer")
class TestChannelTransformerHidden:
    """Drawn weights and maps, compared with the reference."""

    @graded(2, "drawn weights: one head, as many as channels, and in between; any size of map")
    def test_drawn(self, submission, draw):
        for channels, num_heads, size in ((4, 1, (3, 3)), (4, 4, (1, 5)), (12, 3, (2, 2)),
                                          (10, 5, (1, 1))):  # fmt: skip
            weights = drawn_weights(draw, channels, num_heads)
            x = drawn_maps(draw, 3, channels, *size)
            for training in (False, True):
                model = ChannelTransformer(channels, num_heads).double().train(training)
                model.load_state_dict(weights)
                with torch.no_grad():
                    expected = model(x)
                seen = watched(submission, [x], weights, channels=channels, num_heads=num_heads,
                               training=training)  # fmt: skip
                expect_close(
                    seen["values"][0],
                    expected,
                    what="the output",
                    given=f"{channels} channels in {num_heads} heads, maps of {size[0]} x "
                    f"{size[1]}, {'training' if training else 'evaluation'} mode",
                )

    @graded(1, "shape and dtype of the input, which stays as it is")
    def test_kept(self, submission, draw):
        for dtype in (torch.float64, torch.float32):
            weights = drawn_weights(draw, 8, 2)
            x = drawn_maps(draw, 2, 8, 3, 2).to(dtype)
            model = ChannelTransformer(8, 2).to(dtype).eval()
            model.load_state_dict(weights)
            with torch.no_grad():
                expected = model(x)
            seen = watched(submission, [x], weights, channels=8, num_heads=2)
            expect_close(
                seen["values"][0],
                expected,
                atol=1e-4,
                what="the output",
                given=f"drawn maps of {dtype}",
            )
            after = seen.get("inputs")
            expect_kept(after[0] if type(after) is list else None, x, "the input")

    @graded(1, "inputs that are not 4-dimensional, or heads that do not fit, are refused",
            after="test_drawn")  # fmt: skip
    def test_refused(self, submission, draw):
        for shape in ((6, 2, 3), (2, 6, 3, 2, 1)):
            module = submission.construct(6, 2)
            try:
                module.call("__call__", torch.rand(*shape, generator=draw))
            except SubmissionError as error:
                if error.not_started:
                    raise
                expect(
                    "ValueError" in error.types,
                    f"an input of shape {shape} should raise a ValueError; it raised {error}.",
                    misconception=REFUSED,
                )
            else:
                fail(
                    f"an input of shape {shape} should raise a ValueError; it is accepted.",
                    misconception=REFUSED,
                )
        submission.constructing_raises("ValueError", 6, 4)


REFUSED = Misconception(
    "takes inputs of any number of dimensions",
    "The check above your lines was given: an input (N, C, H, W), or a ValueError.",
)


@hidden_tests("bit_attribute_information")
class TestBitAttributeInformationHidden:
    """Drawn codes and attributes, compared with the reference."""

    @graded(1, "drawn bits and attributes, common and rare; either side may be called +1")
    def test_drawn(self, submission, draw):
        share = torch.rand(9, generator=draw)
        attributes = torch.rand(900, 9, generator=draw) < share
        codes = drawn_codes(draw, 900, 14)
        codes[:, :9] *= torch.where(attributes, 1, codes[:, :9])  # bits that do tell something
        expected = bit_attribute_information(codes, attributes)
        value, (after, after_attributes) = submission.call(codes, attributes, return_args=True)
        for given, found in (
            ("drawn bits and attributes of 900 images", value),
            ("drawn codes in float64", submission.call(codes.double(), attributes)),
            ("drawn bits with -1 and +1 exchanged", submission.call(-codes, attributes)),
            ("drawn attributes, denied", submission.call(codes, ~attributes)),
        ):
            expect_close(
                found,
                expected,
                atol=1e-9,
                what="the matrix",
                given=given,
                help="Count and take logarithms in float64, and add no small number against log 0: "
                "torch.xlogy(p, p) needs none. All four pairs of sides count alike.",
            )
        expect_kept(after, codes, "the matrix of codes")
        expect_kept(after_attributes, attributes, "the matrix of attributes")
