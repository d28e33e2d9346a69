"""The step in PyTorch: VGG19 by hand (torchvision is no requirement), pictures channels last.

The losses are ours, with the paintings' matrices stacked and the differences taken by broadcasting.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.cases import CHANNELS, Array, Case, gram_matrices, pictures

# Convolutions per block up to the content layer, block5_conv2.
_CONVOLUTIONS = (2, 2, 4, 4, 2)
_MEANS = (103.939, 116.779, 123.68)


def make(case: Case) -> Callable[[], list[Any]]:
    """Return a function that takes one step and returns the content, style and total loss."""
    network = Network()
    content, start = (_channels_last(images) for images in pictures(case))
    with torch.no_grad():
        *_, wanted = network(content)
    paintings = [torch.from_numpy(gram_matrices(case.paintings, c)) for c in CHANNELS]
    image = start.requires_grad_()
    optimizer = torch.optim.Adam([image], lr=0.02)

    def step() -> list[Any]:
        optimizer.zero_grad()
        *styles, reached = network(image)
        losses = sum(
            ((gram(features) - matrices) ** 2).sum((1, 2)) / (4 * len(CHANNELS))
            for features, matrices in zip(styles, paintings, strict=True)
        )
        style = (losses**2).mean().sqrt()
        content_loss = 0.5 * ((reached - wanted) ** 2).sum()
        total = style + content_loss
        total.backward()
        optimizer.step()
        with torch.no_grad():
            image.clamp_(0, 1)
        return [np.float32(loss.item()) for loss in (content_loss, style, total)]

    return step


class Network(nn.Module):
    """VGG19 up to block5_conv2, frozen, with the weights drawn as Keras draws them."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        blocks, channels = [], 3
        for count, width in zip(_CONVOLUTIONS, CHANNELS, strict=True):
            sizes = [channels, *[width] * count]
            blocks.append(
                nn.ModuleList(nn.Conv2d(into, out, 3, padding=1) for into, out in pairwise(sizes))
            )
            channels = width
        self.blocks = nn.ModuleList(blocks)
        for name, values in self.named_parameters():
            nn.init.zeros_(values) if name.endswith("bias") else nn.init.xavier_uniform_(values)
        self.requires_grad_(False).to(memory_format=torch.channels_last)
        self.means = torch.tensor(_MEANS).reshape(1, 3, 1, 1)

    def forward(self, images: Any) -> list[Any]:
        """Return the first features of each block, and the last of the last."""
        features = images.flip(1) * 255 - self.means
        outputs = []
        for number, block in enumerate(self.blocks):
            if number:
                features = nn.functional.max_pool2d(features, 2)
            for place, convolution in enumerate(block):
                features = nn.functional.relu(convolution(features), inplace=True)
                if not place:
                    outputs.append(features)
        return [*outputs, features]


def gram(features: Any) -> Any:
    """Return F^T F / (H W C) of features (1, C, H, W): (C, C)."""
    channels = features.shape[1]
    flat = features.permute(0, 2, 3, 1).reshape(-1, channels)
    return flat.T @ flat / features.numel()


def _channels_last(images: Array) -> Any:
    return (
        torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    )
