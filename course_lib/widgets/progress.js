// The progress panel: a download that is made when it is asked for, and an upload.

function render({ model, el }) {
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const card = make("div");
  const [download, upload] = ["Download progress", "Upload progress"].map((textContent) =>
    make("button", { textContent, type: "button", className: "jupyter-button" }),
  );
  const chosen = make("input", { type: "file", accept: ".jsonl", hidden: true });
  const message = make("p", { role: "status" });
  const row = make("div");
  row.style.cssText = "display: flex; flex-wrap: wrap; gap: 0.8em; padding: 6px 0";
  for (const button of [download, upload]) button.style.cssText = "width: auto; height: auto; padding: 4px 12px";
  row.append(download, upload, chosen);
  el.classList.add("course-progress");
  el.append(card, row, message);

  const show = () => {
    card.innerHTML = model.get("card"); // the kernel's own HTML
    message.textContent = model.get("message");
  };
  const say = (text) => {
    message.textContent = text; // until the kernel has an answer
  };
  let asked = false; // other cells may show the same panel
  const save = ({ name }, buffers) => {
    if (!asked) return;
    asked = false;
    const link = make("a", { download: name, href: URL.createObjectURL(new Blob(buffers)) });
    link.click();
    URL.revokeObjectURL(link.href);
  };
  download.addEventListener("click", () => {
    say("Waiting for the notebook's Python …");
    asked = true;
    model.send({ download: true });
  });
  upload.addEventListener("click", () => chosen.click());
  chosen.addEventListener("change", async () => {
    const [file] = chosen.files;
    if (!file) return;
    say(`Reading ${file.name} …`);
    try {
      // a larger message would close the connection: then the name alone is sent
      const data = file.size > model.get("most_bytes") ? [] : [await file.arrayBuffer()];
      model.send({ upload: file.name }, undefined, data);
    } catch {
      say(`${file.name} cannot be read.`);
    }
    chosen.value = ""; // so that the same file can be chosen again
  });
  model.on("msg:custom", save);
  model.on("change", show);
  show();
  return () => {
    model.off("msg:custom", save);
    model.off("change", show);
  };
}

export default { render };
