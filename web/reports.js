// A node's report, below its widgets: what it found, ran and saved, in words. Read-only, in classic and new nodes alike,
// and never part of a saved workflow.
import { app } from "../../scripts/app.js";

const WIDGET = "infu_report";
const FOLDER = decodeURIComponent(new URL(import.meta.url).pathname.split("/")[2]);
const LINE = 16;
const MOST_LINES = 12;

const STYLE = {
  boxSizing: "border-box",
  width: "100%",
  height: "100%",
  margin: "0",
  padding: "6px 8px",
  overflow: "auto",
  whiteSpace: "pre-wrap",
  overflowWrap: "anywhere",
  userSelect: "text",
  font: `12px/${LINE}px system-ui, sans-serif`,
  color: "var(--input-text, #ddd)",
  background: "var(--comfy-input-bg, #222)",
  borderRadius: "4px",
};

function lines(node, text) {
  const letters = Math.max((node.size[0] - 40) / 6.2, 10);
  return text.split("\n").reduce((sum, line) => sum + Math.max(Math.ceil(line.length / letters), 1), 0);
}

function addReport(node) {
  const box = document.createElement("div");
  box.className = "infu-report";
  Object.assign(box.style, STYLE);
  // Read aloud where a screen is read aloud, and scrolled by the keyboard.
  box.setAttribute("role", "status");
  box.setAttribute("aria-label", `${node.title}: report`);
  box.tabIndex = 0;
  // Scrolling a long report and selecting its words must not zoom or drag the canvas.
  box.addEventListener("wheel", (event) => box.scrollHeight > box.clientHeight && event.stopPropagation());
  box.addEventListener("pointerdown", (event) => event.stopPropagation());
  const height = () => LINE * Math.min(lines(node, box.textContent), MOST_LINES) + 14 + 20;
  const widget = node.addDOMWidget(WIDGET, "report", box, {
    getValue: () => box.textContent,
    setValue: (text) => (box.textContent = text),
    getMinHeight: height,
    getMaxHeight: height,
    hideOnZoom: false,
    serialize: false,
  });
  widget.serialize = false;
  return widget;
}

function show(node, output) {
  if (!output?.text?.length) return;
  const widget = node.widgets?.find((one) => one.name === WIDGET) ?? addReport(node);
  widget.value = [output.text].flat().join("\n");
  const needed = node.computeSize();
  if (needed[1] > node.size[1]) node.setSize([node.size[0], needed[1]]);
  node.setDirtyCanvas(true, true);
}

app.registerExtension({
  name: "InfU.Reports",
  beforeRegisterNodeDef(nodeType, nodeData) {
    if (nodeData.python_module !== `custom_nodes.${FOLDER}`) return;
    const before = nodeType.prototype.onExecuted;
    nodeType.prototype.onExecuted = function (output) {
      before?.apply(this, arguments);
      show(this, output);
    };
  },
});
