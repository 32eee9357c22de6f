// Makes and uses passkeys (Web Authentication Level 3). Where a browser cannot, the pages stay as they are without it.
"use strict";
(() => {
  const octets = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const kept = (list) => (list ?? []).map((one) => ({ ...one, id: octets(one.id) }));

  // The options of a page as browsers take them.
  const read = (written) => {
    const options = JSON.parse(written);
    options.challenge = octets(options.challenge);
    if (options.user) options.user.id = octets(options.user.id);
    if (options.allowCredentials) options.allowCredentials = kept(options.allowCredentials);
    if (options.excludeCredentials) options.excludeCredentials = kept(options.excludeCredentials);
    return options;
  };

  // A credential as the server reads it.
  const write = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  };

  const able = async (what) => Boolean((await PublicKeyCredential.getClientCapabilities?.())?.[what]);
  const ours = (host) => window.PublicKeyCredential && (location.hostname === host || location.hostname.endsWith("." + host));

  const enhance = async (form) => {
    const { passkey, options, host, action } = form.dataset;
    if (!ours(host)) return;
    const all = (selector) => form.querySelectorAll(selector);
    let waiting = new AbortController();

    const ask = async (mediation) => {
      waiting.abort();
      waiting = new AbortController();
      const wanted = { publicKey: read(options), signal: waiting.signal };
      if (mediation) wanted.mediation = mediation;
      return passkey === "use" ? navigator.credentials.get(wanted) : navigator.credentials.create(wanted);
    };
    const send = (credential) => {
      form.elements.credential.value = write(credential);
      all("[type=password]").forEach((field) => { field.value = ""; });
      if (action) form.setAttribute("action", action);
      form.submit();
    };
    const complain = (error) => {
      const told = [...all("[data-error]")];
      const best = told.find((one) => one.dataset.error === error.name) ?? told.find((one) => !one.dataset.error);
      told.forEach((one) => { one.hidden = one !== best; });
    };

    all("[data-with]").forEach((part) => { part.hidden = false; });
    all("[data-without]").forEach((part) => { part.hidden = true; });
    all("[data-press]").forEach((button) => {
      button.addEventListener("click", () => ask().then(send, complain));
    });
    if (passkey === "upgrade" && await able("conditionalCreate")) {
      setTimeout(() => { waiting.abort(); }, 3000); // nobody waits for a password manager that does not answer
      ask("conditional").then(send, () => all("[data-leave]").forEach((link) => { link.click(); }));
    }
    if (form.elements.upgrade && await able("conditionalCreate")) form.elements.upgrade.value = "y";
    if (form.hasAttribute("data-quietly") && await PublicKeyCredential.isConditionalMediationAvailable?.()) {
      ask("conditional").then(send, (error) => { if (error.name !== "AbortError" && error.name !== "NotAllowedError") complain(error); });
    }
  };
  document.querySelectorAll("form[data-passkey]").forEach((form) => { enhance(form); });

  // Tells the keepers of passkeys what is accepted here, so that they offer nothing that is gone.
  document.querySelectorAll("[data-signals]").forEach((place) => {
    for (const [signal, told] of Object.entries(JSON.parse(place.dataset.signals))) {
      if (ours(told.rpId)) PublicKeyCredential[signal]?.(told).catch(() => {});
    }
  });
})();
