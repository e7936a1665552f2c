"""Sets of patches as TensorFlow's records: an Example a patch."""

from __future__ import annotations

import os
import struct
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import MissingPackage, UnreadableFile
from ..readers.caps import caps, refuse_beyond
from .patch_facts import Facts, foreign, guarded, read_facts
from .patch_rows import pairs
from .patch_sets import PatchSet

_FRAME = struct.Struct(
    "<QI"
)  # length of a record and its check, before it; 4 bytes of check after it


def _tensorflow() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import tensorflow as tf
    except ImportError:
        raise MissingPackage(
            "patches in TFRecord need TensorFlow: pip install 'astrodata-lab[tensorflow]', or give a name "
            "that ends in .parquet or .npz"
        ) from None
    return tf


def save(patches: PatchSet, facts: str, path: Path) -> None:
    """Write a `tf.train.Example` a patch.

    Each has ``image`` and ``mask`` (bytes in C order, little-endian), ``image_shape``, ``mask_shape``,
    ``image_dtype``, ``mask_dtype``, ``event``, ``scene`` and ``position``; the first has ``facts`` (JSON)
    too, which `tf.io.parse_single_example` passes over where nobody asks for it.
    """
    tf = _tensorflow()

    def numbers(values: Any) -> Any:
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[int(v) for v in values]))

    def content(value: bytes) -> Any:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    def array(name: str, values: Any) -> dict[str, Any]:
        little = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
        return {
            name: content(little.tobytes()),
            f"{name}_shape": numbers(little.shape),
            f"{name}_dtype": content(little.dtype.str.encode()),
        }

    name = ""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        os.close(handle)
        with tf.io.TFRecordWriter(name) as writer:
            for first, images, masks in pairs(patches):
                for i in range(len(images)):
                    features = array("image", images[i])
                    if masks is not None:
                        features |= array("mask", masks[i])
                    features["event"] = content(patches.events[first + i].encode())
                    features["scene"] = content(patches.scenes[first + i].encode())
                    features["position"] = numbers(patches.positions[first + i])
                    if first + i == 0:
                        features["facts"] = content(facts.encode())
                    example = tf.train.Example(features=tf.train.Features(feature=features))
                    writer.write(example.SerializeToString())
        Path(name).replace(path)
    except (OSError, tf.errors.OpError) as error:
        raise UnreadableFile(
            f"{path} cannot be written: {str(error)[:160]}. Free some space or choose another folder"
        ) from None
    finally:
        if name:
            Path(name).unlink(missing_ok=True)


def load(path: Path) -> PatchSet:
    """Read what `save` wrote."""
    tf = _tensorflow()
    where = path.name
    count = _records(path)

    def read() -> PatchSet:
        from google.protobuf.message import DecodeError

        facts: Facts | None = None
        images = masks = None
        try:
            for i, record in enumerate(tf.data.TFRecordDataset(str(path))):
                features = tf.train.Example.FromString(record.numpy()).features.feature
                if facts is None:
                    facts = read_facts(features["facts"].bytes_list.value[0], where)
                    refuse_beyond(path.stat().st_size, facts.size, where)
                    if facts.images[0][0] != count:
                        raise foreign(where, f"{count} records of {facts.images[0][0]}")
                    images = np.empty(*facts.images)
                    masks = np.empty(*facts.masks) if facts.masks else None
                _fill(images, i, features["image"].bytes_list.value[0])
                if masks is not None:
                    _fill(masks, i, features["mask"].bytes_list.value[0])
        except tf.errors.DataLossError:
            raise foreign(where, "a record is not what was written: its check differs") from None
        except (IndexError, DecodeError) as error:
            raise foreign(where, str(error)) from None
        if facts is None:
            raise foreign(where, "no records")
        return facts.rest(images, masks)

    made: PatchSet = guarded(where, read, tf.errors.OpError)
    return made


def _fill(to: Any, i: int, content: bytes) -> None:
    to[i] = np.frombuffer(content, to.dtype).reshape(to.shape[1:])


def _records(path: Path) -> int:
    """Count the records by their lengths, one of which may be a lie: memory would be taken for it."""
    size, at, count = path.stat().st_size, 0, 0
    with path.open("rb") as file:
        while at < size:
            head = file.read(_FRAME.size)
            if len(head) < _FRAME.size:
                raise foreign(path.name, "a record is cut short")
            length, _ = _FRAME.unpack(head)
            at += _FRAME.size + length + 4
            if at > size:
                raise foreign(path.name, "a record is cut short")
            refuse_beyond(caps.tile_bytes, length, f"{path.name}, a record")
            file.seek(at)
            count += 1
    return count
