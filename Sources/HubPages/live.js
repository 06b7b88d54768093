"use strict";
// Follows the events of the hub and renews the page when they concern it. Pages read well without it.
(() => {
  const main = document.querySelector("main[data-live]");
  const status = document.getElementById("live");
  if (!main || !window.EventSource) return;
  const [kind, name] = main.dataset.live.split(/:(.*)/);
  const gap = 3000; // between two renewals, so that a busy fleet does not keep the page flickering
  let source, timer, last = 0, missed = false;

  const say = (words, action) => {
    status.replaceChildren(words);
    if (!action) return;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: "Show" });
    button.addEventListener("click", action);
    status.append(" ", button);
  };
  // The path of an element among those that can have focus, by which its successor is found.
  const focusable = () => [...main.querySelectorAll("a, button, input, select, summary, [tabindex]")];
  const isTyping = () => [...main.querySelectorAll("input, select, textarea")].some((field) => field === document.activeElement
    || (field.type !== "hidden" && (field.tagName === "SELECT"
      ? [...field.options].some((option) => option.selected !== option.defaultSelected && option.index > 0)
      : field.value !== field.defaultValue)));

  const replace = (next) => {
    const rows = new Map([...main.querySelectorAll("tr[id]")].map((row) => [row.id, row.textContent]));
    const focus = document.activeElement, place = focusable().indexOf(focus), id = focus.id;
    const scrolls = [...main.querySelectorAll(".wide, pre")].map((frame) => [frame.scrollLeft, frame.scrollTop]);
    const opened = [...main.querySelectorAll("details")].map((part) => part.open);
    main.replaceChildren(...next.childNodes);
    for (const row of main.querySelectorAll("tr[id]"))
      if (rows.get(row.id) !== row.textContent) row.classList.add("changed");
    main.querySelectorAll("details").forEach((part, index) => { part.open = opened[index] ?? part.open; });
    main.querySelectorAll(".wide, pre").forEach((frame, index) => frame.scrollTo(...(scrolls[index] ?? [0, 0])));
    if (place >= 0) ((id && document.getElementById(id)) || focusable()[place])?.focus({ preventScroll: true });
  };

  // A document by XMLHttpRequest: unlike DOMParser it is no sink of Trusted Types, and it runs no script.
  const renew = () => {
    [timer, last, missed] = [undefined, Date.now(), false];
    const request = new XMLHttpRequest();
    request.open("GET", location.href);
    request.responseType = "document";
    request.onload = () => {
      const next = request.status === 200 && request.response?.querySelector("main[data-live]");
      if (!next) return say("The page could not be renewed; load it again.");
      replace(next);
      const time = request.response.querySelector("footer time");
      if (time) document.querySelector("footer time").replaceWith(time);
      say("Live");
    };
    request.onerror = () => say("The hub cannot be reached; trying again.");
    request.send();
  };
  const later = () => {
    if (document.hidden) { missed = true; return; }
    if (isTyping()) return say("Something has changed.", renew);
    timer ??= setTimeout(() => (isTyping() ? (timer = undefined, say("Something has changed.", renew)) : renew()),
      Math.max(300, last + gap - Date.now()));
  };
  const hear = (event) => {
    if (!kind || JSON.parse(event.data)[kind] === name) later();
  };
  const follow = () => {
    if (document.hidden) { source?.close(); source = undefined; say("Paused"); return; }
    if (source) return;
    const isAgain = missed || last > 0 || status.textContent === "Paused";
    source = new EventSource("/v1/events");
    source.onopen = () => { say("Live"); if (isAgain) later(); };
    source.onerror = () => say("The hub cannot be reached; trying again.");
    source.onmessage = hear;
  };
  document.addEventListener("visibilitychange", follow);
  follow();
})();
