"""Start TensorFlow the one way that gives the same bytes every time."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from nstcore.common import machine, surroundings
from nstcore.common.gpu_share import take_one


@contextmanager
def _native_messages_held() -> Iterator[None]:
    """Keep what native code writes to stderr; show it only if the block raises.

    Without a GPU TensorFlow reports at every start, past all of its own log levels, that it found
    none; in a job's log that buries the one line that matters.
    """
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def start_tensorflow(threads: int = 1, seed: int = 0) -> None:
    """Import TensorFlow and fix what results depend on; call it before anything else that uses it.

    Args:
        threads: CPU threads of this process. Another number gives other rounding, so other bytes.
        seed: For Python's, NumPy's and TensorFlow's random numbers.

    Raises:
        RuntimeError: TensorFlow has already started with other settings.
        StudyError: Keras does not start with the `keras.json` in the home folder.
    """
    surroundings.check_keras_file()
    with _native_messages_held():
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
    if not gpus and (unused := machine.gpus()):
        print(
            f"note: on the processor, since TensorFlow finds no way to use {unused[0]}; "
            f"pip install 'tensorflow[and-cuda]=={tf.__version__}' brings what it needs",
            file=sys.stderr,
            flush=True,
        )
    if len(gpus) > 1:
        # All processes would take the first.
        gpus = [gpus[take_one(len(gpus))]]
        tf.config.set_visible_devices(gpus, "GPU")
    for gpu in gpus:
        # Several jobs may share a GPU: take memory as it is needed.
        tf.config.experimental.set_memory_growth(gpu, True)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    # The graph optimiser's arithmetic rewrites are chosen in an order that differs from process to
    # process, and with the order the rounding of the stacked style losses.
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})
    surroundings.pin_keras()
    tf.keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
