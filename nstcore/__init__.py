"""Artist Aggregation Technique: neural style transfer in the style of many paintings.

Gatys et al. (2015) repaint a content image by gradient descent on its pixels so that the features
of a convolutional network stay near the content's and their Gram matrices come near those of a
style image. Here the style is many paintings of one artist, and their style losses are aggregated.

    backbone = nstcore.load_backbone("VGG16")
    target = nstcore.StyleTarget.from_images(backbone, paintings)
    objective = nstcore.Objective(aggregation="squared")
    result = nstcore.stylize(contents, target, backbone, objective)

Pictures are float32 of shape (batch, height, width, 3), RGB, in 0..1. The public names stand in
`__init__.pyi`.
"""

import os

import lazy_loader

from nstcore.common.program import begin

# Before anything else is imported.
begin()

# Read when Keras is first imported, which every module here does late.
os.environ["KERAS_BACKEND"] = "tensorflow"

# TensorFlow takes seconds to start, and half of the workflow's programs have no use for it: a name
# is imported when it is first asked for (PEP 562).
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
