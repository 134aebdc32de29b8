"use strict";
{
  const findings = [...document.querySelectorAll("article.finding")];
  const families = [...document.querySelectorAll("details.faces")];
  const openedByFilter = new Set();
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const said = document.getElementById("said");
  const nothing = document.getElementById("nothing");
  const searched = new Map();

  for (const element of document.querySelectorAll("[data-needs-script]")) {
    element.hidden = false;
  }

  /** What the search box looks through: everything about a finding but its source. */
  function textOf(finding) {
    if (!searched.has(finding)) {
      const parts = [...finding.querySelectorAll("[data-search]")].map((part) => part.textContent);
      searched.set(finding, [finding.dataset.name, ...parts].join(" ").toLowerCase());
    }
    return searched.get(finding);
  }

  function filter() {
    const wanted = {};
    for (const box of form.querySelectorAll("input[type=checkbox]:checked")) {
      (wanted[box.name] ??= new Set()).add(box.value);
    }
    const words = form.elements.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const finding of findings) {
      const kept =
        Object.entries(wanted).every(([name, values]) => values.has(finding.dataset[name])) &&
        words.every((word) => textOf(finding).includes(word));
      finding.hidden = !kept;
      count += kept;
    }
    const told = `${count} of ${findings.length} findings shown, worst first`;
    // Said again, a text that has not changed would interrupt a screen reader for nothing.
    if (shown.textContent !== told) {
      shown.textContent = told;
    }
    nothing.hidden = count > 0;
    unfold(Object.keys(wanted).length + words.length > 0);
  }

  /** While one filters, what is left stands in the open, also where the worst of its family is filtered out. */
  function unfold(filtering) {
    for (const faces of families) {
      faces.hidden = !faces.querySelector("article.finding:not([hidden])");
      if (filtering && !faces.hidden && !faces.open) {
        faces.open = true;
        openedByFilter.add(faces);
      } else if (!filtering && openedByFilter.delete(faces)) {
        faces.open = false;
      }
    }
  }

  /** Open what encloses a finding, and keep it open: somebody asked for the finding. */
  function show(finding) {
    const faces = finding.closest("details.faces");
    if (faces) {
      openedByFilter.delete(faces);
      faces.open = true;
    }
  }

  async function copied(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused, or absent as on a page from a plain-HTTP server: the older way.
      const field = document.createElement("textarea");
      field.value = text;
      field.readOnly = true;
      field.className = "visually-hidden";
      const before = document.activeElement;
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      before?.focus();
      return done;
    }
  }

  async function copy(button) {
    const finding = button.closest("article.finding");
    const code = finding.querySelector("pre.source code");
    if (await copied(code.textContent)) {
      said.textContent = `Copied the source of ${finding.dataset.name}`;
      const label = button.querySelector(".label");
      label.textContent = "Copied";
      setTimeout(() => {
        label.textContent = "Copy source";
        said.textContent = "";
      }, 3000);
    } else {
      code.closest("details").open = true;
      getSelection().selectAllChildren(code);
      said.textContent = "The browser refused to copy; the source is selected, copy it with Ctrl+C";
    }
  }

  /** Open the finding that the address names, also where a filter hides it. */
  function follow() {
    const finding = document.getElementById(location.hash.slice(1));
    if (!finding?.matches("article.finding")) {
      return;
    }
    if (finding.hidden) {
      form.reset();
      filter();
    }
    show(finding);
    finding.querySelector("details").open = true;
    finding.scrollIntoView();
  }

  function openAll(open) {
    for (const finding of findings) {
      if (!finding.hidden) {
        finding.querySelector("details").open = open;
        if (open) {
          show(finding);
        }
      }
    }
  }

  if (form) {
    let pending;
    const soon = () => {
      clearTimeout(pending);
      pending = setTimeout(filter, 150);
    };
    form.addEventListener("input", soon);
    form.addEventListener("reset", soon);
    form.addEventListener("submit", (event) => event.preventDefault());
    document.getElementById("open").addEventListener("click", () => openAll(true));
    document.getElementById("close").addEventListener("click", () => openAll(false));
    document.getElementById("findings").addEventListener("click", (event) => {
      const button = event.target.closest("button.copy");
      if (button) {
        copy(button);
      }
    });
    addEventListener("hashchange", follow);
    filter(); // a browser may restore what was ticked before a reload
    follow();
  }
}
