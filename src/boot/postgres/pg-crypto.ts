// What pg needs of cryptography, by node:crypto. pg asks the Web Crypto API, whose modules Node loads for the first question. In the
// image's bundles this stands for pg's own file (tools/image/pg-by-node.ts).
import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

export { randomBytes };

const SHA256_BYTES = 32;
const derive = promisify(pbkdf2);

export async function md5(text: string | Buffer): Promise<string> {
  return createHash("md5").update(text).digest("hex");
}

/** AuthenticationMD5Password of the protocol. */
export async function postgresMd5PasswordHash(user: string, password: string, salt: Buffer): Promise<string> {
  const inner = await md5(password + user);
  return `md5${await md5(Buffer.concat([Buffer.from(inner), salt]))}`;
}

export async function sha256(data: string | Buffer): Promise<Buffer> {
  return createHash("sha256").update(data).digest();
}

/** `name` is one of the Web Crypto API's: SHA-256. */
export async function hashByName(name: string, data: Buffer): Promise<Buffer> {
  return createHash(name.replace("-", "")).update(data).digest();
}

export async function hmacSha256(key: Buffer, text: string): Promise<Buffer> {
  return createHmac("sha256", key).update(text).digest();
}

/** In a thread: a server may ask for many rounds. */
export function deriveKey(password: string, salt: Buffer, iterations: number): Promise<Buffer> {
  return derive(password, salt, iterations, SHA256_BYTES, "sha256");
}
