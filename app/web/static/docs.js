// Starts Swagger UI without inline script, so that a strict Content-Security-Policy holds on this page too.
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: document.querySelector("#swagger").dataset.url,
    dom_id: "#swagger",
    deepLinking: true,
    persistAuthorization: false,
    validatorUrl: null,
  });
});
