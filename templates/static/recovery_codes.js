// The buttons of the page with recovery codes: without this script there are none.
"use strict";
const copy = document.getElementById("copy");
const print = document.getElementById("print");
if (navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    const codes = [...document.querySelectorAll("#codes code")].map(code => code.textContent);
    await navigator.clipboard.writeText(codes.join("\n") + "\n");
    copy.textContent = copy.dataset.done;
  });
}
print.hidden = false;
print.addEventListener("click", () => window.print());
