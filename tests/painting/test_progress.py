import io

import pytest

from nstcore.painting.progress import Progress

LOSSES = {"content_loss": 0.0512, "style_loss": 0.4319, "total_loss": 0.4831}


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


def show(epochs, reached, seconds, start=0, stream=None, **options):
    """Run from epoch `start` to `reached`, the first epoch in 10 seconds and the others in
    `seconds` each; return the lines."""
    stream, clock = stream or io.StringIO(), Clock()
    with Progress(epochs, stream, clock=clock, **options) as progress:
        for epoch in range(start, reached + 1):
            clock.now += 10 if epoch == start else seconds
            progress(epoch, LOSSES)
    return stream.getvalue().splitlines()


def test_a_log_gets_a_line_with_losses_rate_and_the_time_left():
    lines = show(100, 12, seconds=2.5)
    assert lines[0] == "epoch 0/100  total 0.4831  content 0.0512  style 0.4319"
    assert lines[-2] == (
        "epoch 12/100  total 0.4831  content 0.0512  style 0.4319"
        "  2.5 s/epoch  at most 3 min 40 s to go"
    )
    assert lines[-1] == "done in 40 s"


def test_the_building_of_the_graph_and_epochs_of_an_earlier_process_do_not_count():
    lines = show(100, 62, seconds=2.5, start=50)
    assert lines[-2].endswith("2.5 s/epoch  at most 1 min 35 s to go")


@pytest.mark.parametrize(
    ("seconds", "speed"),
    [
        (0.1, "10 epochs/s  at most 10 s to go"),
        (1, "1 epochs/s  at most 1 min 38 s to go"),
        (90, "90 s/epoch  at most 2 h 27 min to go"),
    ],
)
def test_rates_and_times_read_well(seconds, speed):
    assert show(100, 2, seconds)[-2].endswith(f"0.4319  {speed}")


def test_fast_epochs_are_not_all_written_but_the_first_and_the_last_are():
    def epochs(reached):
        lines = show(100, reached, seconds=0.25, every=5.0)
        return [int(line.split()[1].split("/")[0]) for line in lines[:-1]]

    assert epochs(100) == [0, 20, 40, 60, 80, 100]
    assert epochs(33) == [0, 20, 33]
    assert epochs(20) == [0, 20]
    assert epochs(0) == [0]


def test_after_the_last_epoch_that_may_come_no_time_is_left():
    assert show(12, 12, seconds=2)[-2].endswith("2 s/epoch")


def test_a_log_can_be_read_while_the_run_goes_on(tmp_path):
    with (tmp_path / "log").open("w") as log, Progress(5, log) as progress:
        progress(0, LOSSES)
        assert "epoch 0/5" in (tmp_path / "log").read_text()


def test_a_run_that_fails_shows_its_last_epoch_but_does_not_say_that_it_is_done():
    stream = io.StringIO()

    def fail():
        with Progress(5, stream, clock=Clock()) as progress:
            progress(0, LOSSES)
            progress(1, LOSSES)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert stream.getvalue().splitlines()[-1].startswith("epoch 1/5")


def test_by_default_it_writes_to_what_is_standard_output_then(capsys):
    with Progress(5) as progress:
        progress(0, LOSSES)
    assert capsys.readouterr().out.startswith("epoch 0/5")


def test_a_terminal_gets_a_bar_that_tells_the_same():
    stream = Terminal()
    shown = show(100, 62, seconds=2.5, start=50, stream=stream)[-1]
    assert shown.startswith("epoch 62/100 |")
    for part in (
        "total 0.4831",
        "content 0.0512",
        "style 0.4319",
        "2.5 s/epoch  at most 1 min 35 s to go",
    ):
        assert part in shown
    assert stream.getvalue().count("\n") == 1
