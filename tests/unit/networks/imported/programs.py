"""Small modules as users write them, exported."""

import io
import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override


class ResNet(nn.Module):
    """Batch norm, in-place activations, projection shortcuts, a stem with bias and max-pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, padding="same")
        self.stem_norm = nn.BatchNorm2d(8)
        self.layer1 = _Block(8, 8, 1)
        self.layer2 = _Block(8, 12, 2)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(12, 16)
        self.head_norm = nn.BatchNorm1d(16)
        self.fc = nn.Linear(16, 10, bias=False)

    @override
    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(functional.max_pool2d(self.stem_norm(self.stem(x)), 3, 1, 1))
        x = self.layer2(self.layer1(x))
        x = functional.adaptive_avg_pool2d(x, 1)
        x = self.dropout(torch.flatten(x, 1))
        return self.fc(functional.relu(self.head_norm(self.head(x))))


class _Block(nn.Module):
    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride > 1 or n_in != n_out:
            self.downsample = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out)
            )

    @override
    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += identity
        return self.relu(out)


class MobileNet(nn.Module):
    """Inverted bottlenecks with relu6; another eps; zeros on one side before a strided kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _conv_norm(3, 8, 3, stride=2),
            _Bottleneck(8, 8, 1),
            _Bottleneck(8, 12, 2),
        )
        self.classifier = nn.Linear(12, 5)

    @override
    def forward(self, x: Tensor) -> Tensor:
        x = self.features(functional.pad(x, (0, 1, 0, 1)))
        return self.classifier(x.mean([2, 3]))


def _conv_norm(
    n_in: int, n_out: int, kernel: int, *, stride: int = 1, groups: int = 1, padding: int = 0
) -> nn.Sequential:
    conv = nn.Conv2d(n_in, n_out, kernel, stride, padding, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(n_out, eps=1e-3), nn.ReLU6(inplace=True))


class _Bottleneck(nn.Module):
    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        inner = 2 * n_in
        self.block = nn.Sequential(
            _conv_norm(n_in, inner, 1),
            _conv_norm(inner, inner, 3, stride=stride, groups=inner, padding=1),
            nn.Conv2d(inner, n_out, 1, bias=False),
            nn.BatchNorm2d(n_out),
        )
        self.residual = stride == 1 and n_in == n_out

    @override
    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x) if self.residual else self.block(x)


class ResNet20(nn.Module):
    """The CIFAR-10 network with parameter-free shortcuts, in its usual source form."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        widths = (16, 16, 32, 64)
        for i in (1, 2, 3):
            blocks = [_PaddedBlock(widths[i - 1], widths[i], 1 if i == 1 else 2)]
            blocks += [_PaddedBlock(widths[i], widths[i], 1) for _ in range(2)]
            setattr(self, f"layer{i}", nn.Sequential(*blocks))
        self.linear = nn.Linear(64, 10)

    @override
    def forward(self, x: Tensor) -> Tensor:
        out = functional.relu(self.bn1(self.conv1(x)))
        out = self.layer3(self.layer2(self.layer1(out)))
        out = functional.avg_pool2d(out, out.size()[3])
        return self.linear(out.view(out.size(0), -1))


class _PaddedBlock(nn.Module):
    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.added = n_out - n_in

    @override
    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        if self.added:
            half = self.added // 2
            x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, half, half), "constant", 0)
        return functional.relu(out + x)


def lively(module: nn.Module, seed: int = 0) -> nn.Module:
    """Give every parameter and statistic a value that matters, then switch to evaluation."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim > 1:
                std = (2 / parameter[0].numel()) ** 0.5
                parameter.normal_(std=std, generator=generator)
            else:
                parameter.uniform_(-0.5, 0.5, generator=generator)
                if not name.endswith("bias"):
                    parameter.add_(1)
        for name, buffer in module.named_buffers():
            if buffer.is_floating_point():
                low, high = (0.5, 1.5) if name.endswith("var") else (-0.5, 0.5)
                buffer.uniform_(low, high, generator=generator)
    return module.eval()


def exported(
    module: nn.Module, shape: tuple[int, ...], *, dynamic: bool = False, decomposed: bool = False
) -> bytes:
    """Export a module for images of ``(C, H, W)`` and return the archive."""
    shapes: Any = ({0: torch.export.Dim("n")},) if dynamic else None
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about itself
        program = torch.export.export(module, (torch.zeros(2, *shape),), dynamic_shapes=shapes)
        if decomposed:
            program = program.run_decompositions()
        torch.export.save(program, buffer)
    return buffer.getvalue()
