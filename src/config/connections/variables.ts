// The rows of the table about how clients connect to nginx. Part of variables.ts.
import { directory, integer } from "../value-types.ts";
import { variable } from "../variable.ts";

export const CONNECTION_VARIABLES = {
  tlsCertificate: variable(
    "DJINIT_TLS_CERT",
    directory(),
    "Web: a file with the server's certificate and the intermediate ones (PEM): nginx takes HTTPS, and HTTP/2, at DJINIT_TLS_PORT. A renewed one is taken while the container runs.",
  ),
  tlsKey: variable(
    "DJINIT_TLS_KEY",
    directory(),
    "Web: the file with its private key (PEM, not encrypted). It may be root's alone.",
  ),
  tlsPort: variable("DJINIT_TLS_PORT", integer(1, 65_535), "Web: the port of HTTPS.", { default: "8443" }),
} as const;
