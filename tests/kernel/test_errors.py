import builtins

import pytest
from astrodata_kernel import errors
from astrodata_kernel.errors import AstrodataError

ALL = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, AstrodataError)
]
PARENTS = {
    "UnreadableFile": FileNotFoundError,
    "UnsupportedFormat": ValueError,
    "DamagedFile": ValueError,
    "TooLarge": ValueError,
    "DataCheckFailed": ValueError,
    "NameTaken": ValueError,
    "UnknownName": KeyError,
    "BadRequest": ValueError,
}


@pytest.mark.parametrize("error", ALL)
def test_each_error_shows_its_sentence_and_nothing_else(error: type[AstrodataError]) -> None:
    sentence = "m13.fits, HDU 1: 'it' broke; copy it again"
    assert str(error(sentence)) == sentence
    assert str(error()) == error.code


def test_each_error_has_a_code_of_its_own() -> None:
    assert len({error.code for error in ALL}) == len(ALL)


@pytest.mark.parametrize(("name", "parent"), PARENTS.items())
def test_each_error_is_caught_as_what_python_programmers_expect(name: str, parent: type) -> None:
    with pytest.raises(parent):
        raise getattr(errors, name)("what happened")
    assert getattr(builtins, parent.__name__) is parent
