// The contact sheet: a table person x method of the cells that the filters leave. All data is in the page.
(() => {
  const data = JSON.parse(document.getElementById("cells").textContent);
  const sheet = document.getElementById("sheet");
  const count = document.getElementById("count");
  const filters = Object.fromEntries(["person", "prompt", "method", "style", "face"].map((name) => [name, document.getElementById("filter-" + name)]));
  const chosen = (name) => filters[name].value;

  function fits(cell) {
    return (!chosen("person") || cell.person === chosen("person")) &&
      (!chosen("prompt") || cell.prompt === chosen("prompt")) &&
      (!chosen("method") || cell.method === chosen("method")) &&
      (!chosen("style") || cell.style === chosen("style")) &&
      (!chosen("face") || String(cell.face) === chosen("face"));
  }

  function figure(cell) {
    const figure = document.createElement("figure");
    const picture = document.createElement("img");
    picture.decoding = "async";
    picture.src = "data:image/jpeg;base64," + data.thumbs[cell.thumb];
    picture.alt = picture.title = cell.id + "\nseed " + cell.seed + "\n" + data.prompts[cell.prompt];
    const words = document.createElement("figcaption");
    words.textContent = cell.prompt + (cell.likeness === null ? "" : " " + cell.likeness.toFixed(2)) + (cell.face === 0 ? " no face" : "");
    figure.append(picture, words);
    return figure;
  }

  function draw() {
    const left = data.cells.filter(fits);
    const methods = data.methods.filter((method) => left.some((cell) => cell.method === method));
    const people = data.people.filter((person) => left.some((cell) => cell.person === person));
    const table = document.createElement("table");
    table.className = "sheet";
    const head = table.createTHead().insertRow();
    for (const text of ["", "photo given", ...methods]) {
      const cell = document.createElement("th");
      cell.textContent = text;
      head.append(cell);
    }
    const body = table.createTBody();
    for (const person of people) {
      const row = body.insertRow();
      const name = document.createElement("th");
      name.textContent = person;
      row.append(name);
      const photo = row.insertCell();
      for (const thumb of data.photos[person]) {
        const picture = document.createElement("img");
        picture.src = "data:image/jpeg;base64," + thumb;
        picture.width = 112;
        picture.alt = "reference photo of " + person;
        photo.append(picture);
      }
      for (const method of methods) {
        const place = row.insertCell();
        const strip = document.createElement("div");
        strip.className = "strip";
        for (const cell of left) if (cell.person === person && cell.method === method) strip.append(figure(cell));
        place.append(strip);
      }
    }
    sheet.replaceChildren(table);
    count.textContent = left.length + " of " + data.cells.length + " pictures";
  }

  for (const select of Object.values(filters)) select.addEventListener("change", draw);
  draw();
})();
