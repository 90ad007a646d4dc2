"""Nodes for looking at many pictures at once: try settings against each other, and lay pictures out with words."""

from functools import partial

from comfy_api.latest import io, ui

from ..infu_core.faces.labelled_grid import captions, labelled_grid
from ..infu_core.faces.picture import to_image, to_pictures
from ..infu_core.identity.weights_text import read_weights
from ..infu_core.injection.sweep import sweep
from ..infu_core.typed_numbers import complaint, first_complaint


class InfuSweep(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuSweep",
            display_name="Sweep Two Values (InfU)",
            category="InfU/studies",
            description="Try every value of one setting with every value of another: what follows runs once for each pair. Drag the outputs onto the settings' widgets, such as strength and style_alignment.",
            search_aliases=["xy plot", "parameter grid", "compare settings"],
            inputs=[
                io.String.Input("rows", default="0.6, 0.8, 1", tooltip="Values of the first setting, one row of the grid for each, such as `0.6, 0.8, 1`. Write numbers with a point (0.5) and commas between them."),
                io.String.Input("columns", default="0, 0.5, 1", tooltip="Values of the second setting, one column of the grid for each. A single value tries the first setting alone. Write numbers with a point (0.5) and commas between them."),
                io.String.Input("row_name", default="strength", tooltip="What the first setting is called in the labels."),
                io.String.Input("column_name", default="style", tooltip="What the second setting is called in the labels."),
            ],
            outputs=[
                io.Float.Output(display_name="row_value", is_output_list=True, tooltip="The first setting's value, once for each pair."),
                io.Float.Output(display_name="column_value", is_output_list=True, tooltip="The second setting's value, once for each pair."),
                io.String.Output(display_name="labels", is_output_list=True, tooltip="What to write below each picture: for Labelled Grid."),
                io.Int.Output(display_name="grid_columns", tooltip="How many columns the grid has: for Labelled Grid."),
            ],
        )  # fmt: skip

    @classmethod
    def validate_inputs(cls, rows=None, columns=None):
        first, second = partial(read_weights, field="rows"), partial(read_weights, field="columns")
        return first_complaint(complaint(first, rows), complaint(second, columns))

    @classmethod
    def execute(cls, rows: str, columns: str, row_name: str, column_name: str) -> io.NodeOutput:
        tried = sweep(read_weights(rows, "rows"), read_weights(columns, "columns"), row_name, column_name)
        first, second = map(list, zip(*tried.pairs(), strict=True))
        return io.NodeOutput(first, second, tried.labels(), len(tried.columns))


class InfuLabelledGrid(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuLabelledGrid",
            display_name="Labelled Grid (InfU)",
            category="InfU/studies",
            description="Lay pictures out side by side with words and numbers below each. Takes a batch, a list, or one picture after another from a sweep.",
            search_aliases=["contact sheet", "image grid", "xy plot", "comparison"],
            is_input_list=True,
            is_output_node=True,
            inputs=[
                io.Image.Input("images", tooltip="The pictures, row by row; their sizes may differ."),
                io.String.Input("labels", default="", multiline=True, tooltip="What stands below each picture: connect labels, or type one line for each. Pictures beyond the last line have none."),
                io.Int.Input("columns", default=3, min=1, max=64, tooltip="How many pictures stand side by side. Usually 3 to 9."),
                io.Int.Input("cell", default=384, min=64, max=2048, step=16, tooltip="The longer side of each picture in the grid, in pixels. Usually 256 to 512."),
                io.Float.Input("numbers", optional=True, force_input=True, tooltip="One number for each picture, such as similarity from Identity Similarity; written behind the label."),
            ],
            outputs=[io.Image.Output(display_name="grid")],
        )  # fmt: skip

    # With is_input_list every value is a list: one item for each picture, one for each widget.
    @classmethod
    def execute(cls, images, labels, columns, cell, numbers=None) -> io.NodeOutput:
        pictures = [picture for batch in images for picture in to_pictures(batch, "images of Labelled Grid (InfU)")]
        grid = to_image([labelled_grid(pictures, captions(labels, numbers, len(pictures)), columns[0], cell[0])])
        return io.NodeOutput(grid, ui=ui.PreviewImage(grid, cls=cls))
