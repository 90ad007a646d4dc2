"""Workflows with several people: mixed into one face, side by side, as in a layout picture, from one to another."""

from .motifs import USUAL_COSTS, apply, begin_with_two, decoded, drawn, empty, result, sample
from .page import Graph, Note

ONE_RUN_FOR_ALL = f"One run of InfuseNet however many people. {USUAL_COSTS}"


def mix_two(graph: Graph) -> None:
    models, words, first, second = begin_with_two(
        graph,
        "Portrait photo of a person in a sunlit library, green wool coat, looking into the camera",
        ("Photo of the first person", "The first person"),
        ("Photo of the second person", "The second person"),
    )
    sources = {"identities.identity_0": first, "identities.identity_1": second}
    mixed = graph.add("MixIdentities", mode="blend", weights="1, 1", **sources)
    applied, latent = apply(graph, models, mixed), empty(graph)
    graph.group("The mix goes into the model", mixed, applied, latent)
    drawn(graph, applied, words, latent, models, "mix_two")
    graph.note = Note(
        "Two people in one face",
        "*Mix Identities* makes a face between two: somebody who does not exist.",
        (
            "**weights** say how much of each: `1, 1` is the middle, `1, 0` the first person exactly",
            "**mode**: *blend* is the usual choice, *slerp* makes even steps, *stack* puts the features of both side "
            "by side, freer and less predictable",
            "a third person: a new socket appears",
        ),
        USUAL_COSTS,
    )


def two_halves(graph: Graph) -> None:
    models, words, first, second = begin_with_two(
        graph,
        "Photo of two people side by side at a cafe table, one on the left and one on the right, warm light",
        ("Photo of the person on the left", "The person on the left"),
        ("Photo of the person on the right", "The person on the right"),
    )
    left = graph.add("InfuIdentityRegion", title="Left half", identity=first, box="0, 0, 0.5, 1", feather=0.03)
    right = {"identity": second, "regions": left, "box": "0.5, 0, 0.5, 1", "feather": 0.03}
    both = graph.add("InfuIdentityRegion", title="Right half", **right)
    graph.group("Who goes where", left, both)
    applied, latent = apply(graph, models, both), empty(graph, 1152, 864)
    graph.group("The people go into the model", applied, latent)
    drawn(graph, applied, words, latent, models, "two_halves")
    graph.note = Note(
        "Two people, each in a half",
        "Each person has a region; one run of InfuseNet serves both. The preview on the last region shows who goes "
        "where. A third person is one more *Identity Region* in the chain.",
        (
            "the prompt must put people where the regions are: say who stands left and who right",
            "faces mix, or one is weak: **region_mode** *cropped*, or that region's own **strength**",
            "regions from a picture instead of halves: *06*",
        ),
        ONE_RUN_FOR_ALL,
    )


def from_a_layout(graph: Graph) -> None:
    models, words, first, second = begin_with_two(
        graph,
        "Photo of two friends on a park bench, one on the left and one on the right, autumn",
        ("First photo", "First from the left"),
        ("Second photo", "Second from the left"),
    )
    latent = empty(graph, 1152, 864)
    layout = graph.add("LoadImage", title="Layout picture", image="group.png")
    places = graph.add("InfuFaceRegions", image=layout, count=2, shape="person")
    graph.group("A layout picture", latent, layout, places)
    pose = graph.add("InfuFacePose", image=layout, latent=latent, fit="fill", face="left to right", count=0)
    one = graph.add("InfuIdentityRegion", title="First from the left", identity=first, mask=places)
    two = graph.add("InfuIdentityRegion", title="Second from the left", identity=second, mask=places, regions=one)
    graph.group("Who goes where", one, two)
    applied = apply(graph, models, two, pose_image=pose)
    graph.group("The people go into the model", pose, applied)
    drawn(graph, applied, words, latent, models, "from_a_layout")
    graph.note = Note(
        "Several people from a layout picture",
        "The faces of any picture, found and counted from left to right, say where your people go and how they hold "
        "their heads. Nothing else of that picture is used.",
        (
            "**count** in *Faces to Regions*: how many people; one *Identity Region* for each",
            "**shape**: *person* is head and body, *head* the face alone, *nearest* shares the whole picture out",
            "the layout should have the picture's shape: 1152 x 864 here",
        ),
        ONE_RUN_FOR_ALL,
    )


def from_a_to_b(graph: Graph) -> None:
    models, words, a, b = begin_with_two(
        graph,
        "Portrait photo of a person, plain grey background, soft light, looking into the camera",
        ("Photo of A", "A"),
        ("Photo of B", "B"),
    )
    series = graph.add("InfuInterpolateIdentities", a=a, b=b, steps=9, mode="slerp")
    applied, latent = apply(graph, models, series), empty(graph, 768, 1024)
    graph.group("Nine identities, one after another", series, applied, latent)
    sampler = sample(graph, applied, words.guided, words.nothing, latent, "KSampler")
    pictures = decoded(graph, sampler, models)
    likeness = graph.add("InfuIdentitySimilarity", title="How much like A", images=pictures, identity=a)
    graph.group("Nine pictures of the same noise", sampler, pictures, likeness)
    labels = "\n".join(["A", *(f"{8 - n} : {n}" for n in range(1, 8)), "B"])
    grid = graph.add("InfuLabelledGrid", images=pictures, labels=labels, columns=3, numbers=likeness[1])
    result(graph, grid, "from_a_to_b", grid)
    graph.note = Note(
        "From A to B in nine pictures",
        "A series of identities, both ends exact, drawn from the same noise and words; below each picture its parts of "
        "A and B, and how much it looks like A.",
        (
            "**steps** in *Interpolate Identities*: 3 to 9; the labels in the grid follow by hand",
            "**mode**: *slerp* has even steps of likeness, *blend* is faster in the middle",
            "people of similar age and hair make the smoothest series; the prompt decides about hair",
        ),
        f"Nine pictures: nine times the time of one, the same memory. {USUAL_COSTS}",
    )
