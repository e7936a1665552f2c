"""What a reader is held to, and small files to hold it with; shipped, for readers of other packages too."""

from .reader_tests import ReaderTests
from .synthetic import bits_flipped, cut, fits_file, parquet_file

__all__ = ["ReaderTests", "bits_flipped", "cut", "fits_file", "parquet_file"]
