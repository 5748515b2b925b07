"""Small archives in the layouts of the published data sets."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image
from scipy.io import savemat

from data_scripts.aircraft import AIRCRAFT
from data_scripts.cars196 import CARS196
from data_scripts.cub200 import CUB200
from data_scripts.download import Archive
from data_scripts.eth80 import ETH80
from data_scripts.publication import Count, Publication
from data_scripts.sop import SOP

CARS_OF_ETH80 = [1, 2, 3, 11, 5, 6, 7, 12, 9, 14]  # the file's number in folders 1 to 10


def picture(kind: str) -> bytes:
    """A small picture, ``"png"`` or ``"jpeg"``."""
    buffer = io.BytesIO()
    Image.new("RGB", (6, 6), (90, 90, 90)).save(buffer, kind)
    return buffer.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def eth80() -> dict[str, bytes]:
    """Two categories of 10 objects, 2 views each, and their masks."""
    members = {"ETH-80-master/README.md": b"about"}
    for category, name, numbers in [(1, "apple", range(1, 11)), (2, "car", CARS_OF_ETH80)]:
        members[f"ETH-80-master/{category}/{name}.txt"] = b""
        for folder, number in enumerate(numbers, 1):
            for view in ("000-000", "022-090"):
                place = f"ETH-80-master/{category}/{folder}"
                members[f"{place}/{name}{number}-{view}.png"] = picture("png")
                members[f"{place}/maps/{name}{number}-{view}-map.png"] = b"mask"
    return members


def sop() -> dict[str, bytes]:
    """Three products in two categories; macOS left its own files beside the photos."""
    lines = {
        "train": ["1 1 1 bicycle_final/111_0.JPG", "2 1 1 bicycle_final/111_1.JPG"],
        "test": ["3 2 1 bicycle_final/222_0.JPG", "4 3 12 toaster_final/333_0.JPG"],
    }
    root = "Stanford_Online_Products"
    members = {f"{root}/Ebay_info.txt": b"", f"__MACOSX/{root}/bicycle_final/._111_0.JPG": b"x"}
    for split, listed in lines.items():
        text = "\n".join(["image_id class_id super_class_id path", *listed, ""])
        members[f"{root}/Ebay_{split}.txt"] = text.encode()
        for line in listed:
            members[f"{root}/{line.split()[-1]}"] = picture("jpeg")
    return members


def cub200() -> dict[str, bytes]:
    """Three photos of two species."""
    names = [
        "001.Black_footed_Albatross/Black_Footed_Albatross_0001_796111.jpg",
        "001.Black_footed_Albatross/Black_Footed_Albatross_0002_55.jpg",
        "002.Laysan_Albatross/Laysan_Albatross_0001_545.jpg",
    ]
    tables = {
        "images.txt": names,
        "image_class_labels.txt": ["1", "1", "2"],
        "train_test_split.txt": ["1", "0", "0"],
        "bounding_boxes.txt": ["0.0 0.0 4.0 4.0"] * 3,
        "classes.txt": ["001.Black_footed_Albatross", "002.Laysan_Albatross"],
        "parts/parts.txt": ["back", "beak"],
        "attributes/certainties.txt": ["not visible"],
        "README": ["about"],
    }
    members = {"attributes.txt": b"1 has_bill_shape::curved_(up_or_down)\n"}
    for name, lines in tables.items():
        text = "".join(f"{number} {line}\n" for number, line in enumerate(lines, 1))
        members[f"CUB_200_2011/{name}"] = text.encode()
    return members | {f"CUB_200_2011/images/{name}": picture("jpeg") for name in names}


def aircraft() -> dict[str, bytes]:
    """Three photos, one a split; a variant with a slash and a manufacturer with a space."""
    root = "fgvc-aircraft-2013b/data"
    members = {"fgvc-aircraft-2013b/README": b"about"}
    for part, image in {"train": "0034309", "val": "1025794", "test": "0056978"}.items():
        members[f"{root}/images/{image}.jpg"] = picture("jpeg")
        members[f"{root}/images_variant_{part}.txt"] = f"{image} F/A-18\n".encode()
        members[f"{root}/images_manufacturer_{part}.txt"] = f"{image} McDonnell Douglas\n".encode()
        members[f"{root}/images_family_{part}.txt"] = f"{image} F/A-18\n".encode()
    return members


def cars_labels(classes: tuple[int, ...] = (1, 98, 99, 196)) -> bytes:
    """``cars_annos.mat`` with a photo of each of these models."""
    names = np.array([f"Make{n} Model {n} 2012" for n in range(1, 197)], dtype=object)
    names[0] = "AM General Hummer SUV 2000"
    names[98] = "Ram C/V Cargo Van Minivan 2012"
    fields = [("relative_im_path", object), ("class", object), ("test", object)]
    rows = np.array(
        [(f"car_ims/{i:06d}.jpg", number, 0) for i, number in enumerate(classes, 1)], dtype=fields
    )
    buffer = io.BytesIO()
    savemat(buffer, {"annotations": rows, "class_names": names})
    return buffer.getvalue()


def cars196() -> dict[str, bytes]:
    """Four photos, of the first and last models for training and for testing."""
    members = {"cars196/cars_annos.mat": cars_labels()}
    return members | {f"cars196/car_ims/{i:06d}.jpg": picture("jpeg") for i in range(1, 5)}


@dataclass(frozen=True)
class Small:
    """A published data set, and a small archive of its layout."""

    publication: Publication
    pack: Callable[[dict[str, bytes]], bytes]
    members: Callable[[], dict[str, bytes]]
    count: Count

    def at(self, archive: Archive) -> Publication:
        """The publication, as if this archive were what was published."""
        name = self.publication.archives[0].name
        return replace(
            self.publication,
            archives=(replace(archive, saved_as=name),),
            count=self.count,
            unpacked=10_000,
        )


SMALL = {
    small.publication.name: small
    for small in (
        Small(ETH80, zipped, eth80, Count(40, 20, 2, {"train": 24, "validation": 8, "test": 8})),
        Small(SOP, zipped, sop, Count(4, 3, 2, {"train": 2, "test": 2})),
        Small(CUB200, tarred, cub200, Count(3, 2, None, {"train": 1, "test": 2})),
        Small(CARS196, zipped, cars196, Count(4, 4, None, {"train": 2, "test": 2})),
        Small(
            AIRCRAFT, tarred, aircraft, Count(3, 1, 1, {"train": 1, "validation": 1, "test": 1})
        ),
    )
}
