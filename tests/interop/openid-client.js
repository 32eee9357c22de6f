// openid-client (https://github.com/panva/openid-client), used as its README says; http by its documented switch.
import * as client from 'openid-client'
import { report, signingKey, task, visit } from './browser.js'

const asked = await task()

const authentication = await {
  none: () => client.None(),
  client_secret_basic: () => client.ClientSecretBasic(asked.client_secret),
  client_secret_post: () => client.ClientSecretPost(asked.client_secret),
  client_secret_jwt: () => client.ClientSecretJwt(asked.client_secret),
  private_key_jwt: async () => client.PrivateKeyJwt(await signingKey(asked.key, asked.algorithm)),
}[asked.auth_method]()

const config = await client.discovery(new URL(asked.issuer), asked.client_id, undefined, authentication, {
  algorithm: 'oauth2',
  execute: [client.allowInsecureRequests],
})

async function authorize() {
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: asked.redirect_uri,
    scope: asked.scope,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  })
  const checks = { pkceCodeVerifier: verifier, expectedState: state }
  return client.authorizationCodeGrant(config, await visit(address), checks)
}

async function status(token) {
  try {
    return (await client.fetchProtectedResource(config, token, new URL(asked.resource), 'GET')).status
  } catch (error) {
    return error.response?.status ?? error.status ?? String(error)
  }
}

const journeys = {
  async code() {
    const tokens = await authorize()
    const used = await status(tokens.access_token)
    const fresh = await client.refreshTokenGrant(config, tokens.refresh_token)
    await client.tokenRevocation(config, fresh.refresh_token)
    return { pkce: config.serverMetadata().supportsPKCE(), tokens, used, fresh, afterwards: await status(fresh.access_token) }
  },
  async credentials() {
    const tokens = await client.clientCredentialsGrant(config, { scope: asked.scope })
    const before = await client.tokenIntrospection(config, tokens.access_token)
    await client.tokenRevocation(config, tokens.access_token)
    return { tokens, before, after: await client.tokenIntrospection(config, tokens.access_token) }
  },
  async refusal() {
    try {
      return await authorize()
    } catch (error) {
      return { name: error.name, error: error.error, description: error.error_description }
    }
  },
}

report(await journeys[asked.journey]())
