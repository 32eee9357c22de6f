// openid-client (https://github.com/panva/openid-client), used as its README says; http by its documented switch.
import * as client from 'openid-client'
import { decryptionKey, report, signingKey, task, visit } from './browser.js'
import { fetchShowing } from './certificates.js'

const asked = await task()

const authentication = await {
  none: () => client.None(),
  client_secret_basic: () => client.ClientSecretBasic(asked.client_secret ?? undefined),
  client_secret_post: () => client.ClientSecretPost(asked.client_secret),
  client_secret_jwt: () => client.ClientSecretJwt(asked.client_secret),
  private_key_jwt: async () => client.PrivateKeyJwt(await signingKey(asked.key, asked.algorithm)),
  tls_client_auth: () => client.TlsClientAuth(),
  self_signed_tls_client_auth: () => client.TlsClientAuth(),
}[asked.auth_method]()

const openid = asked.scope.split(' ').includes('openid')
const options = {
  algorithm: openid ? 'oidc' : 'oauth2',
  execute: openid ? [client.allowInsecureRequests, client.enableNonRepudiationChecks] : [client.allowInsecureRequests],
}
const server = new URL(asked.issuer)
const config = asked.initial_access_token
  ? await client.dynamicClientRegistration(server, asked.metadata, authentication, {
      initialAccessToken: asked.initial_access_token,
      ...options,
    })
  : await client.discovery(server, asked.client_id, asked.metadata, authentication, options)

if (asked.opens) {
  client.enableDecryptingResponses(config, [asked.enc], await decryptionKey(asked.opens, asked.algorithm))
}

if (asked.jwt) client.useJwtResponseMode(config)

async function authorize(checks = {}, parameters = {}, options = undefined) {
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const asking = {
    redirect_uri: asked.redirect_uri,
    scope: asked.scope,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    ...(asked.response_mode ? { response_mode: asked.response_mode } : {}),
    ...parameters,
  }
  let address = asked.signed
    ? await client.buildAuthorizationUrlWithJAR(config, asking, await signingKey(asked.key, asked.algorithm))
    : client.buildAuthorizationUrl(config, asking)
  if (asked.pushed) address = await client.buildAuthorizationUrlWithPAR(config, address.searchParams, options)
  return client.authorizationCodeGrant(config, await visit(address), {
    pkceCodeVerifier: verifier,
    expectedState: state,
    ...checks,
  }, undefined, options)
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
  // The library checks ID tokens (Core §3.1.3.7), with their signatures, and that UserInfo is about the same person.
  async login() {
    const nonce = client.randomNonce()
    const tokens = await authorize({ expectedNonce: nonce, idTokenExpected: true, maxAge: 3600 }, { nonce, max_age: '3600' })
    const claims = tokens.claims()
    const told = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
    const fresh = await client.refreshTokenGrant(config, tokens.refresh_token)
    return { nonce, tokens, claims, told, fresh: fresh.claims() }
  },
  // The implicit flow (Core §3.2), which needs no token endpoint.
  async implicit() {
    client.useIdTokenResponseType(config)
    const [nonce, state] = [client.randomNonce(), client.randomState()]
    const asking = { redirect_uri: asked.redirect_uri, scope: asked.scope, nonce, state }
    const answer = await visit(client.buildAuthorizationUrl(config, asking))
    return { nonce, claims: await client.implicitAuthentication(config, answer, nonce, { expectedState: state }) }
  },
  // RP-Initiated Logout: what was given for the login ends with it.
  async logout() {
    const tokens = await authorize({ idTokenExpected: true })
    const left = await visit(
      client.buildEndSessionUrl(config, {
        id_token_hint: tokens.id_token,
        post_logout_redirect_uri: asked.post_logout_redirect_uri,
        state: 'left',
      }),
    )
    try {
      await client.refreshTokenGrant(config, tokens.refresh_token)
    } catch (error) {
      return { left, error: error.error }
    }
  },
  // DPoP (RFC 9449): the library repeats by itself what lacks a nonce.
  async dpop() {
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
    const jkt = await DPoP.calculateThumbprint()
    const tokens = await authorize({}, { dpop_jkt: jkt }, { DPoP })
    const resource = await client.fetchProtectedResource(
      config, tokens.access_token, new URL(asked.resource), 'GET', undefined, undefined, { DPoP },
    )
    const fresh = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
    return { jkt, tokens, used: await resource.json(), fresh }
  },
  // FAPI 2.0: a login by which the tokens are bound to a key, and what introspection says of them.
  async fapi() {
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
    const nonce = client.randomNonce()
    const tokens = await authorize({ expectedNonce: nonce, idTokenExpected: true }, { nonce }, { DPoP })
    const claims = tokens.claims()
    const told = await client.fetchUserInfo(config, tokens.access_token, claims.sub, { DPoP })
    const fresh = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
    const description = await client.tokenIntrospection(config, fresh.access_token)
    return { jkt: await DPoP.calculateThumbprint(), tokens, claims, told, fresh, description }
  },
  // RFC 8628: the library waits before it polls, here for a moment.
  async device() {
    const asking = await client.initiateDeviceAuthorization(config, { scope: asked.scope })
    const options = asked.bound ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) } : undefined
    const poll = (seconds) => client.pollDeviceAuthorizationGrant(
      config, { ...asking, interval: 0.01, expires_in: seconds }, undefined, options,
    )
    const early = await client
      .genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:device_code', { device_code: asking.device_code }, options)
      .catch((error) => error)
    await visit(new URL(asking.verification_uri_complete))
    const tokens = await poll(asking.expires_in)
    const fresh = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options)
    return { pending: early.error, tokens, claims: tokens.claims(), fresh }
  },
  async credentials() {
    const tokens = await client.clientCredentialsGrant(config, { scope: asked.scope })
    const before = await client.tokenIntrospection(config, tokens.access_token)
    await client.tokenRevocation(config, tokens.access_token)
    return { tokens, before, after: await client.tokenIntrospection(config, tokens.access_token) }
  },
  // RFC 8705: the library finds the addresses for it, and leaves the connections to who uses it.
  async certificate() {
    config[client.customFetch] = fetchShowing(asked.shown)
    const tokens = await client.clientCredentialsGrant(config, { scope: asked.scope })
    const told = await client.tokenIntrospection(config, tokens.access_token)
    const used = await status(tokens.access_token)
    config[client.customFetch] = fetchShowing({ ca: asked.shown.ca })
    const unshown = await client.clientCredentialsGrant(config, { scope: asked.scope }).catch((error) => error.status)
    return { tokens, told, used, without: await status(tokens.access_token), unshown }
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
