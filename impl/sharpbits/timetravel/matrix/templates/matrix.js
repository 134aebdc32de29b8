"use strict";
{
  const form = document.getElementById("filters");
  const table = document.querySelector(".matrix table");
  const shown = document.getElementById("shown");
  const nothing = document.getElementById("nothing");
  const hint = document.getElementById("hint");
  const dialog = document.getElementById("detail");

  for (const element of document.querySelectorAll("[data-needs-script]")) {
    element.hidden = false;
  }

  // Rows, their details, and the filter

  const rows = [...document.querySelectorAll("tr.row")].map((row) => {
    const links = [...row.querySelectorAll("a")];
    const detail = document.getElementById(links[0].hash.slice(1));
    return { row, links, detail, text: [row.dataset.name, row.dataset.component, detail.textContent].join(" ").toLowerCase() };
  });

  function filter() {
    const components = new Set([...form.querySelectorAll("[name=component]:checked")].map((box) => box.value));
    const changing = document.getElementById("changing").checked;
    const words = form.elements.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { row, detail, text } of rows) {
      const kept =
        (!components.size || components.has(row.dataset.component)) &&
        (!changing || row.dataset.changes === "true") &&
        words.every((word) => text.includes(word));
      row.hidden = detail.hidden = !kept;
      count += kept;
    }
    for (const group of table.tBodies) {
      group.hidden = !group.querySelector("tr.row:not([hidden])");
    }
    const told = `${count} of ${rows.length} findings shown`;
    // Said again, a text that has not changed would interrupt a screen reader for nothing.
    if (shown.textContent !== told) {
      shown.textContent = told;
    }
    nothing.hidden = count > 0;
    if (!stop || stop.closest("[hidden]")) {
      settle(rows.find(({ row }) => !row.hidden)?.links[1]);
    }
  }

  // One stop of the Tab key for the whole table; arrow keys within it

  let stop;

  function settle(link) {
    if (link) {
      stop?.setAttribute("tabindex", "-1");
      link.setAttribute("tabindex", "0");
      stop = link;
    }
  }

  function moved(event) {
    const link = event.target.closest("tr.row a");
    if (!link || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) {
      return;
    }
    const visible = rows.filter(({ row }) => !row.hidden);
    const down = visible.findIndex(({ links }) => links.includes(link));
    const across = visible[down].links.indexOf(link);
    const last = visible[down].links.length - 1;
    const to = {
      ArrowLeft: [down, across - 1],
      ArrowRight: [down, across + 1],
      ArrowUp: [down - 1, across],
      ArrowDown: [down + 1, across],
      Home: [down, 0],
      End: [down, last],
    }[event.key];
    if (to) {
      event.preventDefault();
      visible[to[0]]?.links[to[1]]?.focus();
    }
  }

  // The hint of a cell: shown beside it on hover and on focus, gone with Escape

  let hinted;
  let going;
  let mouse;
  let resting; // where the mouse was when Escape took the hint away

  function at(event) {
    return `${event.clientX} ${event.clientY}`;
  }

  function place() {
    const cell = hinted.getBoundingClientRect();
    const below = cell.bottom + 6;
    const room = document.documentElement.clientWidth - hint.offsetWidth - 8;
    hint.style.left = `${Math.max(8, Math.min(cell.left, room))}px`;
    hint.style.top = `${below + hint.offsetHeight > innerHeight ? Math.max(8, cell.top - hint.offsetHeight - 6) : below}px`;
  }

  function show(cell) {
    clearTimeout(going);
    if (hinted !== cell) {
      hide();
      hinted = cell;
      hint.textContent = cell.dataset.hint;
      hint.hidden = false;
      cell.setAttribute("aria-describedby", "hint");
    }
    place();
  }

  function hide() {
    clearTimeout(going);
    hinted?.removeAttribute("aria-describedby");
    hinted = undefined;
    hint.hidden = true;
  }

  function hideSoon() {
    clearTimeout(going);
    going = setTimeout(hide, 200); // time to move onto the hint, and mark a number in it
  }

  // The detail of a cell or a row

  let opener;

  function copyOf(part) {
    const copy = part.cloneNode(true);
    for (const element of [copy, ...copy.querySelectorAll("[id]")]) {
      element.removeAttribute("id");
    }
    return copy;
  }

  function heading(text) {
    const element = document.createElement("h4");
    element.textContent = text;
    return element;
  }

  function open(link) {
    const { detail, links } = rows.find((one) => one.links.includes(link));
    const finding = detail.querySelector("[data-part=finding]");
    const shows = [...detail.querySelectorAll(".shows")];
    const body = document.getElementById("detail-body");
    document.getElementById("detail-title").textContent = detail.querySelector("h3").textContent;
    if (link === links[0]) {
      body.replaceChildren(copyOf(finding), ...shows.map(copyOf));
    } else {
      const cell = shows[links.indexOf(link) - 1];
      const stack = document.getElementById(cell.dataset.column).querySelector("[data-part=stack]");
      body.replaceChildren(copyOf(cell), copyOf(finding), heading(`Stack of ${cell.dataset.release}`), copyOf(stack));
    }
    hide();
    opener = link;
    settle(link);
    history.replaceState(null, "", link.hash);
    dialog.showModal();
    dialog.scrollTop = 0;
  }

  /** Open what the address names: a finding, or a finding on a release. */
  function follow() {
    const link = location.hash && rows.flatMap(({ links }) => links).find((one) => one.hash === location.hash);
    if (link && !dialog.open) {
      if (link.closest("[hidden]")) {
        form.reset();
        filter();
      }
      link.scrollIntoView({ block: "center" });
      open(link);
    }
  }

  if (table) {
    for (const { links } of rows) {
      for (const link of links) {
        link.setAttribute("tabindex", "-1");
        link.setAttribute("aria-haspopup", "dialog");
      }
    }
    for (const cell of table.querySelectorAll(".cell")) {
      cell.dataset.hint = cell.title;
      cell.removeAttribute("title"); // or the browser would show it too
    }
    let pending;
    const soon = () => {
      clearTimeout(pending);
      pending = setTimeout(filter, 150);
    };
    form.addEventListener("input", soon);
    form.addEventListener("reset", soon);
    form.addEventListener("submit", (event) => event.preventDefault());

    table.addEventListener("keydown", moved);
    table.addEventListener("click", (event) => {
      const link = event.target.closest("tr.row a");
      if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
        event.preventDefault();
        open(link);
      }
    });
    table.addEventListener("focusin", (event) => {
      if (event.target.matches("tr.row a")) {
        settle(event.target);
      }
      if (event.target.matches(".cell:focus-visible")) {
        show(event.target);
      }
    });
    table.addEventListener("focusout", hide);
    table.addEventListener("mouseover", (event) => {
      if (resting === at(event)) {
        return; // the hint went and left the mouse over this cell: it did not move here
      }
      const cell = event.target.closest(".cell");
      cell ? show(cell) : hideSoon();
    });
    table.addEventListener("mouseleave", hideSoon);
    hint.addEventListener("mouseenter", () => clearTimeout(going));
    hint.addEventListener("mouseleave", hideSoon);
    addEventListener("scroll", () => hinted && place(), true);
    addEventListener("mousemove", (event) => {
      mouse = at(event);
      resting = resting === mouse ? mouse : undefined;
    });
    addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        resting = mouse;
        hide();
      }
    });

    document.getElementById("close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("pointerdown", (event) => {
      const box = dialog.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (event.target === dialog && !inside) {
        dialog.close();
      }
    });
    dialog.addEventListener("close", () => {
      history.replaceState(null, "", location.pathname + location.search);
      // The browser gave the focus back when it closed the dialog, and a key may have moved it on since.
      if (!table.contains(document.activeElement)) {
        opener.focus();
      }
    });
    addEventListener("hashchange", follow);
    filter(); // a browser may restore what was ticked before a reload
    follow();
  }
}
