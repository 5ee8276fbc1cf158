import pytest
import torch

from worker.device import DeviceError, choose_device


def test_auto_takes_cuda_where_there_is_one() -> None:
    assert choose_device({}) == ("cuda" if torch.cuda.is_available() else "cpu")
    assert choose_device({"BITPARETO_DEVICE": "cpu"}) == "cpu"


def test_threads_are_one_unless_asked_for() -> None:
    choose_device({"BITPARETO_TORCH_THREADS": "2"})
    assert torch.get_num_threads() == 2
    choose_device({})
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("choice", ["tpu", "CPU", ""])
def test_unknown_devices_are_refused_with_the_choices(choice: str) -> None:
    with pytest.raises(DeviceError, match="auto, cpu, cuda"):
        choose_device({"BITPARETO_DEVICE": choice})


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_cuda_is_not_promised_where_there_is_none() -> None:
    with pytest.raises(DeviceError, match="no CUDA device"):
        choose_device({"BITPARETO_DEVICE": "cuda"})
