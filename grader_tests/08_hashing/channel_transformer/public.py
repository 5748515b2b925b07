"""Public tests of channel_transformer."""

from __future__ import annotations

import torch

from autograder.testing import (
    Misconception,
    Submission,
    exercise,
    expect_close,
    expect_gradient,
    expect_tensor,
    graded,
)
from grader_tests.shared.channel_transformer import (
    CHANNELS,
    HEADS,
    Weights,
    drawn_maps,
    drawn_weights,
    watched,
)

SIZE = CHANNELS // HEADS
BY_PLACE = [head * SIZE + place for place in range(SIZE) for head in range(HEADS)]


def attention(x: torch.Tensor, weights: Weights, name: str, groups: int) -> torch.Tensor:
    """What the given ChannelAttention computes, image by image and group by group."""
    weight = weights[f"{name}.to_query_key_value.weight"].flatten(1)
    bias = weights[f"{name}.to_query_key_value.bias"][:, None]
    size = x.shape[1] // groups
    images = []
    for image in x.flatten(2):
        mixed = []
        for group in range(groups):
            own = slice(group * size, (group + 1) * size)
            rows = slice(3 * own.start, 3 * own.stop)
            query, key, value = (weight[rows] @ image[own] + bias[rows]).split(size)
            scores = query @ key.T / size**0.5
            rooted = scores.sign() * ((scores.abs() + 1e-5).sqrt() - 1e-5**0.5)
            mixed.append(rooted.softmax(dim=1) @ value)
        images.append(torch.cat(mixed))
    return torch.stack(images).view(x.shape)


def normalised(x: torch.Tensor, weights: Weights, training: bool) -> torch.Tensor:
    """Batch normalisation; in training mode it writes into the running statistics of `weights`."""
    mean, var, weight, bias = (
        weights[f"norm.{name}"] for name in ("running_mean", "running_var", "weight", "bias")
    )
    return torch.nn.functional.batch_norm(x, mean, var, weight, bias, training)


def across(turned: torch.Tensor, weights: Weights) -> torch.Tensor:
    """The second attention, of channels that stand place by place."""
    return attention(turned, weights, "across_heads", SIZE)


def put_back(x: torch.Tensor) -> torch.Tensor:
    """Channels that stand place by place, head by head."""
    order = sorted(range(CHANNELS), key=BY_PLACE.__getitem__)
    return x[:, order]


def second_half(y: torch.Tensor, weights: Weights) -> torch.Tensor:
    """Steps 2 to 4 of the notebook, with a Y."""
    return y + put_back(across(y[:, BY_PLACE].relu(), weights))


def transformer(x: torch.Tensor, weights: Weights, training: bool = False) -> torch.Tensor:
    """The output of the whole, for CHANNELS channels in HEADS heads."""
    first = x + attention(x, weights, "within_heads", HEADS)
    return second_half(normalised(first, weights, training), weights)


def wrong_transformers(
    x: torch.Tensor, weights: Weights, training: bool = False
) -> list[tuple[torch.Tensor, Misconception]]:
    """What known mistakes give."""

    def norm(maps: torch.Tensor) -> torch.Tensor:
        return normalised(maps, {name: w.clone() for name, w in weights.items()}, training)

    within = attention(x, weights, "within_heads", HEADS)
    y = norm(x + within)
    turned = y[:, BY_PLACE]
    second = across(turned.relu(), weights)
    wrong_way = put_back(y).relu()
    return [
        (y + second, NOT_PUT_BACK),
        (turned + second, NOT_PUT_BACK),
        (y + second[:, BY_PLACE], Misconception(
            "exchanges heads and places the same way twice",
            "The first time channels stand (G, c), and become (c, G). The second time they stand "
            "(c, G): other numbers for the same step.")),
        (turned + put_back(second), OTHER_ORDER),
        (put_back(second) + y.relu(), AFTER_RELU),
        (y + put_back(across(turned, weights)), Misconception(
            "leaves out the ReLU", "Step 2: after the exchange, ReLU.")),
        (y + put_back(second + turned.relu()), WRONG_RESIDUAL),
        (y + second + turned.relu(), WRONG_RESIDUAL),
        (second + turned.relu(), WRONG_RESIDUAL),
        (put_back(second) + turned.relu(), WRONG_RESIDUAL),
        (x + put_back(second + turned.relu()), WRONG_RESIDUAL),
        (y + across(y.relu(), weights), NOT_EXCHANGED),
        (y + across(y.relu(), weights)[:, BY_PLACE], NOT_EXCHANGED),
        (y + put_back(across(y.relu(), weights)), NOT_EXCHANGED),
        (y + across(wrong_way, weights)[:, BY_PLACE], VIEWED_BY_PLACE),
        (y + put_back(across(wrong_way, weights)), VIEWED_BY_PLACE),
        (y + across(wrong_way, weights), VIEWED_BY_PLACE),
        (second_half(norm(within), weights), Misconception(
            "leaves out the first residual", "Step 1: the attention within the heads *plus its "
            "input*, and only then batch normalisation.")),
        (put_back(second), Misconception(
            "leaves out the second residual", "Step 4: add Y.")),
        (x + put_back(second), Misconception(
            "adds the input where Y is asked",
            "Step 4 adds Y, what the batch normalisation gave.")),
        (second_half(x + within, weights), WRONG_NORM),
        (norm(second_half(x + within, weights)), WRONG_NORM),
        (second_half(x + norm(within), weights), WRONG_NORM),
        (second_half(norm(x) + attention(norm(x), weights, "within_heads", HEADS), weights),
         WRONG_NORM),
        (y + put_back(across(norm((x + within).relu())[:, BY_PLACE], weights)), WRONG_NORM),
        (second_half(norm(x), weights), Misconception(
            "leaves out the attention within the heads", "Step 1: self.within_heads(x) + x.")),
        (y, Misconception(
            "leaves out the attention across the heads", "Steps 2 to 4 are missing.")),
        (transformer(x, {name: w.clone() for name, w in weights.items()}, not training),
         Misconception(
            "changes the mode of the batch normalisation",
            "Statistics of the batch in training mode, running ones in evaluation mode: "
            "nn.BatchNorm2d knows its mode by itself. Call it, and leave train() and eval() to "
            "others.")),
    ]  # fmt: skip


NOT_PUT_BACK = Misconception(
    "does not put the channels back",
    "The second attention gives its channels place by place. They go out as they came in, head by "
    "head, and Y is added in that order.",
)
NOT_EXCHANGED = Misconception(
    "does not exchange heads and places",
    "Before the second attention channel (head h, place p) must stand at (p, h), so that each "
    "group holds one place of all heads. See channels as (G, c) and transpose; another shape alone "
    "moves nothing.",
)
VIEWED_BY_PLACE = Misconception(
    "views the channels as (c, G) where they stand head by head, (G, c)",
    "A view must say how the channels stand: for the first exchange head by head, so that "
    "(G, c) becomes (c, G); for the second place by place, so that (c, G) becomes (G, c).",
)
WRONG_RESIDUAL = Misconception(
    "adds the residual at the wrong place",
    "Step 4 adds Y, once, to what the second attention gives, when its channels are put back. "
    "What goes into the second attention, after the ReLU, is not added again.",
)
WRONG_NORM = Misconception(
    "has the batch normalisation in another place, or nowhere",
    "It comes once, after the first residual: Y = norm(x + attention of x).",
)
OTHER_ORDER = Misconception(
    "adds Y in another order of channels",
    "What is added is put back, head by head, and Y must stand head by head, too: as the "
    "batch normalisation gave it.",
)
AFTER_RELU = Misconception(
    "adds Y after the ReLU",
    "ReLU is for what goes into the second attention; Y itself is added. An in-place ReLU "
    "overwrites Y, also where an exchange is a view of it: use torch.relu.",
)


@exercise(
    "channel_transformer",
    object="course_lib.networks.channel_transformer.ChannelTransformer",
    title="Attention within the heads, then across them",
    difficulty=3,
    minutes=25,
    hints=(
        "Write the four steps as four lines, with a name for Y. Which shape do the channels have "
        "when they are seen as heads and places, before and after each exchange?",
        "x.unflatten(1, (G, c)) shows the channels as heads and places, transpose(1, 2) exchanges "
        "them, flatten(1, 2) makes channels of them again. On the way back they stand as (c, G).",
        "y = self.norm(x + self.within_heads(x)); exchange it with (self.num_heads, -1); "
        "self.across_heads of its torch.relu; exchange that with (-1, self.num_heads); add y.",
    ),
)
class TestChannelTransformer:
    """Modules with given weights, compared with loops over images and groups."""

    @graded(2, "attention within the heads, then across them, each with its residual")
    def test_output(self, submission: Submission) -> None:
        draw = torch.Generator().manual_seed(1)
        weights, x = drawn_weights(draw, CHANNELS, HEADS), drawn_maps(draw, 2, CHANNELS, 2, 3)
        seen = watched(submission, [x], weights)
        expect_tensor(seen["values"][0], shape=x.shape, what="the output")
        expect_close(
            seen["values"][0],
            transformer(x, weights),
            what="the output",
            given="two images with maps of 2 x 3, six channels in two heads, random weights, "
            "evaluation mode",
            misconceptions=wrong_transformers(x, weights),
        )

    @graded(1, "with both attentions giving 0 it is its batch normalisation, whatever the heads")
    def test_zero(self, submission: Submission) -> None:
        # In one head, or in heads of one channel, an exchange moves nothing and may be a view of Y.
        for heads, given in ((HEADS, ""), (1, ", one head"), (CHANNELS, ", a head for a channel")):
            draw = torch.Generator().manual_seed(2)
            weights, x = drawn_weights(draw, CHANNELS, heads), drawn_maps(draw, 2, CHANNELS, 2, 3)
            for name in weights:
                if "to_query_key_value" in name:
                    weights[name] = torch.zeros_like(weights[name])
            y = normalised(x, weights, training=False)
            expect_close(
                watched(submission, [x], weights, num_heads=heads)["values"][0],
                y,
                what="the output",
                given=f"all weights of both attentions 0{given}",
                misconceptions=[
                    (y[:, BY_PLACE], OTHER_ORDER),
                    (y.relu(), AFTER_RELU),
                    (y + y.relu(), WRONG_RESIDUAL),
                ],
                help="With nothing mixed in, Y is the batch normalisation of the input, and the "
                "output is Y.",
            )

    @graded(1, "in training mode it normalises once, with the statistics of the batch",
            after="test_output")  # fmt: skip
    def test_training(self, submission: Submission) -> None:
        draw = torch.Generator().manual_seed(3)
        weights, x = drawn_weights(draw, CHANNELS, HEADS), drawn_maps(draw, 3, CHANNELS, 3, 2)
        mine = {name: weight.clone() for name, weight in weights.items()}
        expected = transformer(x, mine, training=True)
        seen = watched(submission, [x], weights, training=True)
        expect_close(
            seen["values"][0],
            expected,
            what="the output",
            given="three images, training mode",
            misconceptions=wrong_transformers(x, weights, training=True),
        )
        state = seen.get("state")
        state = state if type(state) is dict else {}
        expect_close(
            state.get("norm.num_batches_tracked"),
            torch.tensor(1),
            what="the number of batches that the batch normalisation has seen",
            given="one batch",
            misconceptions=[(torch.tensor(2), Misconception(
                "normalises twice",
                "Each call of self.norm moves its running statistics: call it once, and keep Y."))],
        )  # fmt: skip
        expect_close(
            state["norm.running_mean"],
            mine["norm.running_mean"],
            what="the vector of running means",
            given="one batch in training mode",
        )

    @graded(1, "shuffling the places of a map shuffles the output alike", after="test_output")
    def test_shuffled(self, submission: Submission) -> None:
        draw = torch.Generator().manual_seed(4)
        weights, x = drawn_weights(draw, CHANNELS, HEADS), drawn_maps(draw, 2, CHANNELS, 4, 7)
        order = torch.randperm(28, generator=draw)
        shuffled = x.flatten(2)[:, :, order].view(x.shape)
        values = watched(submission, [x, shuffled], weights)["values"]
        expect_tensor(values[0], shape=x.shape, what="the output")
        expect_close(
            values[-1],
            values[0].flatten(2)[:, :, order].view(x.shape),
            what="the output",
            given="maps of 4 x 7 whose places are shuffled: the output before, shuffled alike",
        )

    @graded(1, "in evaluation mode each image is on its own", after="test_output")
    def test_alone(self, submission: Submission) -> None:
        draw = torch.Generator().manual_seed(5)
        weights, x = drawn_weights(draw, CHANNELS, HEADS), drawn_maps(draw, 3, CHANNELS, 1, 2)
        values = watched(submission, [x, x[:1], x[1:2]], weights)["values"]
        expect_tensor(values[0], shape=x.shape, what="the output")
        for number, alone in enumerate(values[1:]):
            expect_close(
                alone,
                values[0][number, None],
                what="the output",
                given="one image: what it has among three",
            )

    @graded(1, "gradients reach the input and every weight", after="test_output")
    def test_gradients(self, submission: Submission) -> None:
        draw = torch.Generator().manual_seed(6)
        weights, x = drawn_weights(draw, CHANNELS, HEADS), drawn_maps(draw, 2, CHANNELS, 2, 3)
        cotangent = drawn_maps(draw, *x.shape)
        trained = {name: weight for name, weight in weights.items()
                   if weight.is_floating_point() and "running" not in name}  # fmt: skip
        seen = watched(submission, [x], weights, cotangent=cotangent).get("gradients")
        seen = seen if type(seen) is dict else {}
        leaves = {"x": x, **trained}
        for leaf in leaves.values():
            leaf.requires_grad_()
        transformer(x, weights).backward(cotangent)
        for name, leaf in leaves.items():
            assert leaf.grad is not None
            expect_gradient(
                seen.get(name),
                leaf.grad,
                of=name,
                atol=1e-7,
                given="random weights",
                help="The output is right, so a part of the gradient is lost on the way: look for "
                "detach(), .data and no_grad().",
            )
