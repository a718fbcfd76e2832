"use strict";
SwaggerUIBundle({
  url: document.getElementById("swagger-ui").dataset.address,
  dom_id: "#swagger-ui",
  deepLinking: true,
});
