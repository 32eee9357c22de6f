// Shows new passwords while they are typed; without JavaScript there is no button for it.
for (const button of document.querySelectorAll("button.show")) {
  const fields = button.form.querySelectorAll('input[autocomplete="new-password"]');
  const show = (shown) => {
    for (const field of fields) field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", shown);
  };
  button.addEventListener("click", () => show(button.getAttribute("aria-pressed") !== "true"));
  button.form.addEventListener("submit", () => show(false)); // so that no browser keeps it among the texts typed before
  button.hidden = false;
}
