// Apply, Load and Encode first, in this order, where people search for what this pack does; and Apply first where a
// link is dragged out of an identity. Only our own nodes' places change, and only against what matches no better.
//
// The search box scores a node [main, aux1, aux2, rest], less is better. main: 1 a name starts with the words, 2 one
// of its words, 3 somewhere in it, 9 found by other words (search_aliases) or nearly. Names are the id and the display
// name. aux2 is the name's length, aux1 half of it plus where the words stand in it. rest is the fuzzy match plus 0.2 at
// most for a length that differs. A front end that scores otherwise keeps its own order.
import { app } from "../../scripts/app.js";

const FIRST = ["ApplyInfuseNet", "LoadInfuseNet", "EncodeFaceID"];
const BEGINS = 1;
const SOMEWHERE = 3;
const OURS = "infiniteyou"; // our blueprint's name begins with it, so that it would stand before the three
const EXACT_WORDS = 0.21; // an alias typed whole: no fuzz, and at most 0.2 for length
const NOTHING_TYPED = 0.2;
const BEHIND_OTHERS = 100; // of those that match somewhere

function score(scores) {
  const [main, aux1, aux2, rest] = scores;
  const place = FIRST.indexOf(this.name);
  const begin = this.display_name.toLowerCase().indexOf(OURS);
  if (main === BEGINS && rest === NOTHING_TYPED) {
    // A dragged link lists what takes it by length of name: none of ours goes before Apply.
    return [main, 0, aux1, place === 0 ? aux2 : Math.max(aux2, FIRST[0].length + 1), rest];
  }
  if (place >= 0) {
    const asked = main >= SOMEWHERE && rest < EXACT_WORDS;
    if (asked && main === SOMEWHERE && aux1 - aux2 / 2 === begin) return [BEGINS, -1, place, 0, rest];
    return asked ? [SOMEWHERE, 0, BEHIND_OTHERS + place, 0, rest] : [main, 0, aux1, aux2, rest];
  }
  const byPrefix = main === BEGINS && aux2 === this.name.length && this.name.startsWith("Infu");
  return byPrefix || main === SOMEWHERE ? [SOMEWHERE, 0, 2 * BEHIND_OTHERS, aux2, rest] : [main, 0, aux1, aux2, rest];
}

app.registerExtension({
  name: "InfU.SearchOrder",
  addCustomNodeDefs(defs) {
    const ours = Object.values(defs).filter((def) => def.python_module === defs[FIRST[0]]?.python_module);
    for (const def of ours) def.postProcessSearchScores = score;
  },
});
