// A menu without entries shows nothing, where the classic front end would write "undefined".
import { app } from "../../scripts/app.js";

const FOLDER = decodeURIComponent(new URL(import.meta.url).pathname.split("/")[2]);

app.registerExtension({
  name: "InfU.EmptyMenus",
  nodeCreated(node) {
    if (node.constructor.nodeData?.python_module !== `custom_nodes.${FOLDER}`) return;
    for (const widget of node.widgets ?? []) if (widget.type === "combo") widget.value ??= "";
  },
});
