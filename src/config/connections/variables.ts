// The rows of the table about how clients connect to nginx. Part of variables.ts.
import { directory, flag, integer, seconds } from "../value-types.ts";
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
  proxyProtocol: variable(
    "DJINIT_PROXY_PROTOCOL",
    flag(),
    "Web: nginx takes the PROXY protocol, versions 1 and 2, at DJINIT_PROXY_PROTOCOL_PORT, and at DJINIT_TLS_PORT where it takes TLS: from DJINIT_TRUSTED_PROXIES, which have to be set.",
    { default: "" },
  ),
  proxyProtocolPort: variable(
    "DJINIT_PROXY_PROTOCOL_PORT",
    integer(1, 65_535),
    "Web: the port of the PROXY protocol without TLS.",
    { default: "8001" },
  ),
  tlsPort: variable("DJINIT_TLS_PORT", integer(1, 65_535), "Web: the port of HTTPS.", { default: "8443" }),
  keepaliveMs: variable(
    "DJINIT_KEEPALIVE_TIMEOUT",
    seconds(1, 86_400),
    "Web: for how long nginx keeps a connection on which nothing is asked. It has to be longer than the proxy in front keeps it, or that one answers with 502 now and then.",
    { default: "650" },
  ),
} as const;
