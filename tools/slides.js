// Keys: arrows, space, Page Up and Down, Home, End; N: notes; Shift+N: notes in a window.
const slides = [...document.querySelectorAll(".slide")];
let notesWindow = null;

function current() {
  const middle = innerHeight / 2;
  const found = slides.findIndex((s) => s.getBoundingClientRect().bottom > middle);
  return found < 0 ? slides.length - 1 : found;
}

function go(number) {
  const slide = slides[Math.max(0, Math.min(slides.length - 1, number))];
  slide.scrollIntoView({ block: "start" });
  history.replaceState(null, "", "#" + slide.id);
  tellNotes(slide);
}

function tellNotes(slide) {
  if (!notesWindow || notesWindow.closed) return;
  const notes = slide.querySelector(".notes");
  const page = notesWindow.document;
  page.title = "Notes";
  page.body.style.font = "20px/1.45 sans-serif";
  page.body.innerHTML = notes ? notes.innerHTML : "No notes on this slide.";
  const head = page.createElement("h1");
  head.textContent = `${slides.indexOf(slide) + 1} of ${slides.length}`;
  page.body.prepend(head);
}

function toggleNotes(inWindow) {
  if (inWindow) {
    notesWindow = open("", "notes", "width=700,height=600");
    tellNotes(slides[current()]);
    return;
  }
  const here = current();
  const hide = slides.some((s) => s.querySelector(".notes:not([hidden])"));
  for (const notes of document.querySelectorAll(".notes")) notes.hidden = hide;
  slides[here].scrollIntoView({ block: "start" });
}

const STEPS = {
  ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, Enter: 1,
  ArrowLeft: -1, ArrowUp: -1, PageUp: -1, Backspace: -1,
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  let step = STEPS[event.key];
  if (event.key === " " && event.shiftKey) step = -1;
  if (step) go(current() + step);
  else if (event.key === "Home") go(0);
  else if (event.key === "End") go(slides.length - 1);
  else if (event.key.toLowerCase() === "n") toggleNotes(event.shiftKey);
  else return;
  event.preventDefault();
});
