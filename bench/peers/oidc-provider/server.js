// oidc-provider as iam is configured: the same grants and lifetimes, opaque tokens, refresh tokens that rotate, no ID token
// where openid is not asked for.

import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";
import { Adapter, pool } from "./adapter.js";

const { PORT } = process.env;
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

async function findAccount(_, id) {
  const { rows } = await pool.query({ name: "account", text: "select id from accounts where id = $1", values: [id] });
  if (rows.length === 0) return undefined;
  return { accountId: id, claims: async () => ({ sub: id }) };
}

const provider = new Provider(`http://127.0.0.1:${PORT}`, {
  adapter: Adapter,
  findAccount,
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256" }] },
  cookies: { keys: ["a key for benchmarks"] },
  scopes: ["openid", "offline_access", "read", "write"],
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    devInteractions: { enabled: false },
  },
  pkce: { required: () => false },
  rotateRefreshToken: true,
  issueRefreshToken: async () => true,
  ttl: { AccessToken: 3600, AuthorizationCode: 600, ClientCredentials: 3600, Grant: 1209600, RefreshToken: 1209600 },
});
provider.on("server_error", (_, error) => console.error(error));
provider.listen(Number(PORT), "127.0.0.1");
