// Menus of this pack's nodes. One without entries shows nothing, where the classic front end would write "undefined".
// A choice reads as its word in the page's language, and behind it the word that files, help and messages use; what is
// saved is that word alone.
import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";

const FOLDER = decodeURIComponent(new URL(import.meta.url).pathname.split("/")[2]);
let translations = {};

function labels(node, menu) {
  const language = app.extensionManager.setting.get("Comfy.Locale");
  if (language === "en") return undefined;
  return translations[language]?.nodeDefs?.[node.comfyClass]?.inputs?.[menu]?.options;
}

app.registerExtension({
  name: "InfU.Menus",
  async init() {
    translations = await (await api.fetchApi("/i18n")).json();
  },
  nodeCreated(node) {
    if (node.constructor.nodeData?.python_module !== `custom_nodes.${FOLDER}`) return;
    for (const widget of node.widgets ?? []) {
      if (widget.type !== "combo") continue;
      widget.value ??= "";
      const words = labels(node, widget.name);
      if (words) widget.options.getOptionLabel = (choice) => (words[choice] ? `${words[choice]} (${choice})` : choice ?? "");
    }
  },
});
