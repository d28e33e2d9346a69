"""Things done one after another, of which one that fails costs no other one."""

import pytest

from nstcore.common.errors import Attempts, ConfigError, DataError, SeveralError


def try_all(errors: list[BaseException | None], done: list[int]) -> None:
    """Raise each that is an error; note the places of the others."""
    with Attempts() as attempts:
        for number, error in enumerate(errors):
            with attempts.one():
                if error:
                    raise error
                done.append(number)


def test_all_are_tried_and_every_mistake_is_told_once() -> None:
    done: list[int] = []
    with pytest.raises(SeveralError) as caught:
        try_all([None, ConfigError("first", "second"), DataError("second"), None], done)
    assert done == [0, 3]
    assert caught.value.lines == ["first", "second"]


def test_nothing_is_raised_where_nothing_failed() -> None:
    done: list[int] = []
    try_all([None, None], done)
    assert done == [0, 1]


@pytest.mark.parametrize("fault", [ValueError(), KeyboardInterrupt()])
def test_a_fault_ends_all_and_hides_behind_no_mistake(fault: BaseException) -> None:
    with pytest.raises(type(fault)):
        try_all([DataError("a mistake"), fault, None], [])
