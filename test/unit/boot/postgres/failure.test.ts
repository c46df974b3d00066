import { describe, expect, test } from "vitest";
import { databaseFailure, finalCode } from "../../../../src/boot/postgres/failure.ts";

const failure = (code: string | undefined, message: string) =>
  Object.assign(new Error(message), code === undefined ? {} : { code });

describe("what waiting does not change about a connection", () => {
  test.each<[string | undefined, string, string | undefined]>([
    ["28P01", "password authentication failed", "DJINIT_DATABASE_REFUSED_LOGIN"],
    ["28000", "no pg_hba.conf entry", "DJINIT_DATABASE_REFUSED_LOGIN"],
    ["3D000", "database does not exist", "DJINIT_DATABASE_REFUSED_LOGIN"],
    [
      undefined,
      "SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string",
      "DJINIT_DATABASE_REFUSED_LOGIN",
    ],
    ["42501", "permission denied for database", "DJINIT_DATABASE_FORBIDDEN"],
    ["42704", "unrecognized configuration parameter", "DJINIT_DATABASE_UNUSABLE"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "Hostname does not match", "DJINIT_DATABASE_UNUSABLE"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "self-signed certificate", "DJINIT_DATABASE_UNUSABLE"],
    [undefined, "The server does not support SSL connections", "DJINIT_DATABASE_UNUSABLE"],
    ["08P01", "no such database: shop", "DJINIT_DATABASE_REFUSED_LOGIN"],
    ["08P01", "No such user: shop", "DJINIT_DATABASE_REFUSED_LOGIN"],
    ["08P01", "SASL authentication failed", "DJINIT_DATABASE_REFUSED_LOGIN"],
    ["08P01", "unsupported startup parameter: options", "DJINIT_DATABASE_UNUSABLE"],
    ["08P01", "unsupported startup parameter in options: search_path", "DJINIT_DATABASE_UNUSABLE"],
    // May be otherwise soon.
    ["08P01", "no more connections allowed (max_client_conn)", undefined],
    ["08P01", "server login has been failing, cached error: the database system is starting up", undefined],
    ["ECONNREFUSED", "connect ECONNREFUSED", undefined],
    ["ENOTFOUND", "getaddrinfo ENOTFOUND", undefined],
    ["ENOENT", "connect ENOENT /run/postgresql", undefined],
    ["57P03", "the database system is starting up", undefined],
    ["53300", "too many connections", undefined],
    ["25006", "the server takes no writes", undefined],
    [undefined, "Connection terminated unexpectedly", undefined],
  ])("%s %s: %s", (code, message, expected) => {
    expect(finalCode(failure(code, message))).toBe(expected);
  });
});

describe("an error of the database in a session that stood is never an internal one of djinit's", () => {
  test.each<[string | undefined, string]>([
    ["42501", "DJINIT_DATABASE_FORBIDDEN"],
    ["25006", "DJINIT_DATABASE_FORBIDDEN"],
    ["57P01", "DJINIT_DATABASE_UNAVAILABLE"],
    ["XX000", "DJINIT_DATABASE_UNAVAILABLE"],
    [undefined, "DJINIT_DATABASE_UNAVAILABLE"],
  ])("%s: %s", (code, expected) => {
    const error = databaseFailure("cannot look for migrations", failure(code, "in its own words"));
    expect(error).toMatchObject({
      code: expected,
      exitStatus: 69,
      message: "cannot look for migrations: in its own words",
    });
    expect(error.fields["sqlstate"]).toBe(code);
  });
});
