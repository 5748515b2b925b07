"""t-SNE and its pictures: small sets, the same points again, marks without colour."""

import numpy as np
import pytest
import torch
from PIL import Image

from course_lib.visualization import before_after, embedding_map, tsne


def clusters(n=60, seed=0):
    """Three clusters, far apart, and which each row belongs to."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.arange(n) % 3
    return 10 * torch.eye(3, 80)[ids] + torch.randn(n, 80, generator=generator), ids


def image(value):
    return Image.new("RGB", (8, 8), (value % 256, 80, 80))


class TestTSNE:
    def test_rows_of_a_cluster_stay_together(self):
        embeddings, ids = clusters()
        points, categories = tsne(embeddings), ids.numpy()
        centres = np.stack([points[categories == c].mean(axis=0) for c in range(3)])
        nearest = ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        assert points.shape == (60, 2)
        assert (nearest == categories).all()

    def test_one_seed_gives_the_same_points_again(self):
        embeddings, _ = clusters(30)
        assert np.array_equal(tsne(embeddings, seed=3), tsne(embeddings, seed=3))

    @pytest.mark.parametrize("n", [4, 5, 20])
    def test_small_sets_get_a_smaller_perplexity(self, n):
        points = tsne(clusters(n)[0])
        assert points.shape == (n, 2)
        assert np.isfinite(points).all()

    @pytest.mark.parametrize(
        ("embeddings", "message"),
        [
            (torch.rand(3, 5), "N at least 4, D at least 2"),
            (torch.rand(9, 1), "N at least 4, D at least 2"),
            (torch.rand(9), "N at least 4, D at least 2"),
            (torch.ones(9, 4), "collapsed to one point"),
            (torch.full((9, 4), torch.nan), "NaN or infinity"),
            (torch.rand(5001, 2), "5001 points are too many"),
        ],
    )
    def test_refuses_what_has_no_map(self, embeddings, message):
        with pytest.raises(ValueError, match=message):
            tsne(embeddings)


class TestMaps:
    POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 50.0], [1.0, 50.0]])
    CATEGORIES = (4, 4, 9, 9)
    IMAGES = tuple(map(image, range(4)))

    def test_categories_differ_in_their_markers(self):
        figure = embedding_map(self.POINTS, self.CATEGORIES, category_names={4: "Wren"})
        (legend,) = figure.legends
        assert [text.get_text() for text in legend.get_texts()] == ["Wren", "9"]
        assert len({handle.get_marker() for handle in legend.legend_handles}) == 2

    def test_thumbnails_never_cover_each_other(self):
        # 0 and 1 are neighbours, and so are 2 and 3: one of each pair is drawn.
        figure = embedding_map(self.POINTS, self.CATEGORIES, self.IMAGES)
        places = [box.xy for box in figure.axes[0].artists]
        assert len(places) == 2
        assert abs(places[0][1] - places[1][1]) > 0.9

    def test_before_and_after_show_the_same_images(self):
        figure = before_after(self.POINTS, self.POINTS[::-1], self.CATEGORIES, self.IMAGES)
        first, second = ([b.offsetbox.get_data() for b in a.artists] for a in figure.axes)
        assert len(first) == 2
        for mine, theirs in zip(first, second, strict=True):
            assert np.array_equal(mine, theirs)
        assert [axes.get_title() for axes in figure.axes] == ["before", "after"]

    def test_words_say_how_pure_each_neighbourhood_is(self):
        mixed = np.array([[0.0, 0.0], [9.0, 0.0], [0.1, 0.0], [9.1, 0.0]])
        text = before_after(mixed, self.POINTS, self.CATEGORIES).get_label()
        assert "before: 33% of the five nearest" in text  # of four points, all three others
        pure = embedding_map(np.repeat(self.POINTS, 4, axis=0), np.repeat([4, 4, 9, 9], 4))
        assert "In the map: 100% of the five nearest" in pure.get_label()

    @pytest.mark.parametrize(
        "make",
        [
            lambda points, ids, images: embedding_map(points, ids, images),
            lambda points, ids, images: before_after(points, points, ids, images),
        ],
    )
    def test_a_map_has_title_axis_labels_and_alternative_text(self, make):
        figure = make(self.POINTS, self.CATEGORIES, self.IMAGES)
        assert figure.get_label().startswith(figure.get_suptitle())
        assert all(axes.get_xlabel() and axes.get_ylabel() for axes in figure.axes)
        assert "4 images of 2 categories as points of a plane, 2 of them" in figure.get_label()
        figure.canvas.draw()

    def test_lengths_that_do_not_fit_are_refused(self):
        with pytest.raises(ValueError, match="3 category_ids need as many points"):
            embedding_map(self.POINTS, [1, 2, 3])
        with pytest.raises(ValueError, match="1 images need as many category_ids, got 4"):
            embedding_map(self.POINTS, self.CATEGORIES, self.IMAGES[:1])
        with pytest.raises(ValueError, match="4 category_ids need as many points"):
            before_after(self.POINTS, self.POINTS[:3], self.CATEGORIES)
