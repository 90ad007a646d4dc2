"""The laws of injection: zero is nothing, one is all, a row equals the single picture, order does not matter."""

import pytest
import torch
from harness.tiny_injection import black, blocks, close, equal, network, person, residuals, run, step

from infu_core.injection.region_attention import RegionAttention
from infu_core.injection.strength_schedule import StrengthSchedule


def halves():
    left = torch.zeros(64, 64)
    left[:, :32] = 1
    return left, 1 - left


def test_zero_strength_runs_nothing():
    net = network()
    assert residuals([person()], net, schedule=StrengthSchedule(0.0)) is None
    assert residuals([person()], net, schedule=StrengthSchedule(1.0, 0.5, 1.0)) is None
    assert residuals([person(strength=0.0)], net) is None
    assert net.runs == []


def test_strength_is_linear():
    half = residuals([person()], schedule=StrengthSchedule(0.5))
    whole = residuals([person()])
    assert close(half, whole.scaled(0.5))


def test_a_row_of_a_batch_equals_the_single_picture():
    whole = residuals([person()], at=step(batch=3))
    single = residuals([person()], at=step(batch=1, seed=6))
    assert all(torch.allclose(x[1:2], y, atol=1e-5) for x, y in zip(blocks(whole), blocks(single), strict=True))


@pytest.mark.parametrize("mode", ["one_pass", "separate", "cropped"])
def test_a_mask_of_ones_equals_no_mask(mode):
    masked = residuals([person(mask=torch.ones(50, 30))], region_mode=mode)
    assert equal(masked, residuals([person()], region_mode=mode))


@pytest.mark.parametrize("mode", ["one_pass", "separate", "cropped"])
def test_a_mask_of_zeros_is_nothing(mode):
    net = network()
    assert residuals([person(mask=torch.zeros(64, 64))], net, region_mode=mode) is None
    assert net.runs == []


@pytest.mark.parametrize("mode", ["one_pass", "separate", "cropped"])
def test_background_gets_nothing(mode):
    left, _ = halves()
    made = residuals([person(mask=left)], region_mode=mode)
    grid = blocks(made)[0].unflatten(1, (4, 4))
    assert grid[:, :, :2].abs().sum() > 0
    assert torch.count_nonzero(grid[:, :, 2:]) == 0


@pytest.mark.parametrize("mode", ["one_pass", "separate", "cropped"])
def test_the_order_of_people_does_not_matter(mode):
    left, right = halves()
    a, b = person(1, left, 0.7), person(2, right, 0.4)
    assert close(residuals([a, b], region_mode=mode), residuals([b, a], region_mode=mode))


def test_disjoint_halves_cropped_equal_two_cropped_runs():
    left, right = halves()
    a, b = person(1, left), person(2, right)
    both = residuals([a, b], region_mode="cropped")
    assert equal(both, residuals([a], region_mode="cropped") + residuals([b], region_mode="cropped"))


def test_cropped_runs_see_only_their_tokens():
    left, right = halves()
    net = network()
    residuals([person(1, left), person(2, right)], net, region_mode="cropped")
    assert net.runs == [8, 8]


def test_one_pass_runs_once_for_everybody():
    net = network()
    quarter = torch.zeros(4, 64, 64)
    for index in range(4):
        quarter[index, index * 16 : (index + 1) * 16] = 1
    residuals([person(index, quarter[index]) for index in range(4)], net)
    assert net.runs == [16]


def test_overlapping_masks_never_exceed_one():
    everywhere = torch.ones(64, 64)
    twice = residuals([person(1, everywhere), person(1, everywhere)], region_mode="separate")
    once = residuals([person(1)], region_mode="separate")
    assert close(twice, once)


def test_people_have_their_own_strength():
    left, right = halves()
    made = residuals([person(1, left, 1.0), person(2, right, 0.5)], region_mode="separate")
    full = residuals([person(1, left), person(2, right)], region_mode="separate")
    grid, full_grid = blocks(made)[0].unflatten(1, (4, 4)), blocks(full)[0].unflatten(1, (4, 4))
    assert torch.allclose(grid[:, :, :2], full_grid[:, :, :2])
    assert torch.allclose(grid[:, :, 2:], 0.5 * full_grid[:, :, 2:])


def test_each_person_may_have_a_pose_image_in_one_pass():
    """A token is shown the pose of the person it belongs to."""
    left, right = halves()
    seen = []
    net = network()
    net.control_in.register_forward_pre_hook(lambda module, given: seen.append(given[0]))

    def poses(person, height, width):
        return torch.full((1, 16, height, width), float(person + 1))

    residuals([person(1, left), person(2, right)], net, control=poses)
    grid = seen[0].unflatten(1, (4, 4))
    assert (grid[:, :, :2] == 1).all() and (grid[:, :, 2:] == 2).all()


def test_style_alignment_removes_the_token_mean():
    assert equal(residuals([person()], style_alignment=0.0), residuals([person()]))
    plain, aligned, partly = (residuals([person()], style_alignment=share) for share in (0.0, 1.0, 0.25))
    assert all(x.mean(dim=1).abs().max() < 1e-6 for x in blocks(aligned))
    assert close(partly, plain.scaled(0.75) + aligned.scaled(0.25))


@pytest.mark.parametrize("mode", ["one_pass", "separate", "cropped"])
def test_style_alignment_stays_within_each_region(mode):
    left, right = halves()
    made = residuals([person(1, left), person(2, right)], region_mode=mode, style_alignment=1.0)
    for block in blocks(made):
        grid = block.unflatten(1, (4, 4))
        assert grid[:, :, :2].mean(dim=(1, 2)).abs().max() < 1e-6
        assert grid[:, :, 2:].mean(dim=(1, 2)).abs().max() < 1e-6


def test_block_weights():
    plain = residuals([person()])
    assert equal(residuals([person()], double_weights=(1.0, 1.0)), plain)
    made = residuals([person()], double_weights=(0.0, 2.0), single_weights=(1.0, 0.5, 1.0))
    assert torch.count_nonzero(made.double[0]) == 0
    assert torch.equal(made.double[1], 2 * plain.double[1])
    assert torch.equal(made.single[1], 0.5 * plain.single[1])


def test_what_a_size_needs_is_made_once_per_run():
    asked = []

    def latents(person, height, width):
        asked.append((height, width))
        return black(person, height, width)

    one_run, net = run([person()], control=latents), network()
    for index in range(3):
        one_run.residuals(net, step(began=index / 3))
    assert asked == [(8, 8)]
    one_run.residuals(net, step(height=6, width=10))
    assert asked == [(8, 8), (6, 10)]


def test_one_identity_without_a_mask_uses_the_networks_own_attention():
    net = network()
    given = []
    original = net.double_blocks[0].forward
    net.double_blocks[0].forward = lambda *args: given.append(args[-1]) or original(*args)
    residuals([person()], net)
    residuals([person(1, halves()[0])], net)
    assert given[0] is net.attention and isinstance(given[1], RegionAttention)


def test_a_part_of_a_picture_gets_its_own_pose_and_mask():
    from infu_core.injection.region_layout import Window

    left, _ = halves()
    asked, seen = [], []
    net = network()
    net.control_in.register_forward_pre_hook(lambda module, given: seen.append(given[0]))

    def poses(person, height, width):
        asked.append((height, width))
        return torch.arange(width / 1.0).expand(1, 16, height, width)

    part = step(height=4, width=4)
    part = type(part)(**{**vars(part), "window": Window((2, 3, 4, 5), (2, 3, 4, 5), 8, 8)})
    made = residuals([person(1, left)], net, part, control=poses)
    assert asked == [(8, 8)]
    assert sorted(set(seen[0].flatten().tolist())) == [2.0, 3.0, 4.0, 5.0]
    grid = blocks(made)[0].unflatten(1, (2, 2))
    assert grid[:, :, :1].abs().sum() > 0 and torch.count_nonzero(grid[:, :, 1:]) == 0


def test_pose_pictures_go_round_the_pictures_anew_for_every_prompt():
    seen = []
    net = network()
    net.control_in.register_forward_pre_hook(lambda module, given: seen.append(given[0]))

    def poses(person, height, width):
        return torch.stack([torch.full((16, height, width), float(index)) for index in range(2)])

    given = step(batch=6)
    residuals([person()], net, type(given)(**{**vars(given), "pictures": 3}), control=poses)
    assert seen[0][:, 0, 0].tolist() == [0, 1, 0, 0, 1, 0]


def test_adding_up_people_keeps_one_set_and_changes_nobody_elses():
    first = residuals([person(1)])
    kept = [block.clone() for block in blocks(first)]
    total = first.scaled(torch.ones(1, 1, 1)).add_(residuals([person(2)]))
    assert all(torch.equal(a, b) for a, b in zip(blocks(first), kept, strict=True))
    assert close(total, first + residuals([person(2)]))
