// oauth4webapi (https://github.com/panva/oauth4webapi), used as its examples say; http by its documented switch.
import * as oauth from 'oauth4webapi'
import { report, signingKey, task, visit } from './browser.js'

const asked = await task()
const http = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(asked.issuer)
const openid = asked.scope.split(' ').includes('openid')
const discovered = await oauth.discoveryRequest(issuer, { algorithm: openid ? 'oidc' : 'oauth2', ...http })
const server = await oauth.processDiscoveryResponse(issuer, discovered)
const client = asked.initial_access_token ? await register() : { client_id: asked.client_id, ...asked.metadata }

async function register() {
  const options = { initialAccessToken: asked.initial_access_token, ...http }
  const registered = await oauth.dynamicClientRegistrationRequest(server, asked.metadata, options)
  return oauth.processDynamicClientRegistrationResponse(registered)
}

const authentication = await {
  none: () => oauth.None(),
  client_secret_basic: () => oauth.ClientSecretBasic(client.client_secret ?? asked.client_secret),
  client_secret_post: () => oauth.ClientSecretPost(asked.client_secret),
  client_secret_jwt: () => oauth.ClientSecretJwt(asked.client_secret),
  private_key_jwt: async () => oauth.PrivateKeyJwt(await signingKey(asked.key, asked.algorithm)),
}[asked.auth_method]()

async function authorize(checks, parameters = {}, options = http) {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const address = new URL(server.authorization_endpoint)
  address.searchParams.set('client_id', client.client_id)
  address.searchParams.set('redirect_uri', asked.redirect_uri)
  address.searchParams.set('response_type', 'code')
  address.searchParams.set('scope', asked.scope)
  address.searchParams.set('code_challenge', await oauth.calculatePKCECodeChallenge(verifier))
  address.searchParams.set('code_challenge_method', 'S256')
  address.searchParams.set('state', state)
  if (asked.jwt) address.searchParams.set('response_mode', 'jwt')
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value)
  if (asked.signed) {
    const key = await signingKey(asked.key, asked.algorithm)
    const request = await oauth.issueRequestObject(server, client, address.searchParams, key)
    address.search = new URLSearchParams({ client_id: client.client_id, request })
  }
  if (asked.pushed) {
    const pushed = await withNonce(async () => oauth.processPushedAuthorizationResponse(
      server, client, await oauth.pushedAuthorizationRequest(server, client, authentication, address.searchParams, options),
    ))
    address.search = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri })
  }
  const came = await visit(address)
  const answer = asked.jwt
    ? await oauth.validateJwtAuthResponse(server, client, came, state, http)
    : oauth.validateAuthResponse(server, client, came, state)
  const [tokens, redeemed] = await withNonce(async () => {
    const response = await oauth.authorizationCodeGrantRequest(
      server, client, authentication, answer, asked.redirect_uri, verifier, options,
    )
    return [await oauth.processAuthorizationCodeResponse(server, client, response, checks), response]
  })
  if (openid) await oauth.validateApplicationLevelSignature(server, redeemed, http)
  return tokens
}

// DPoP (RFC 9449 §8): a request that lacks a nonce is made again with the one that came.
async function withNonce(request) {
  try {
    return await request()
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return request()
  }
}

async function introspect(token) {
  const told = await oauth.introspectionRequest(server, client, authentication, token, http)
  const description = await oauth.processIntrospectionResponse(server, client, told)
  if (client.introspection_signed_response_alg) await oauth.validateApplicationLevelSignature(server, told, http)
  return description
}

async function revoke(token) {
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, token, http))
}

async function credentials(parameters) {
  const given = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, http)
  return oauth.processClientCredentialsResponse(server, client, given)
}

const journeys = {
  async code() {
    const tokens = await authorize()
    const resource = await oauth.protectedResourceRequest(
      tokens.access_token, 'GET', new URL(asked.resource), undefined, undefined, http,
    )
    const refreshed = await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token, http)
    const fresh = await oauth.processRefreshTokenResponse(server, client, refreshed)
    await revoke(fresh.refresh_token)
    return { tokens, used: resource.status, fresh }
  },
  // The library checks ID tokens (Core §3.1.3.7), with their signatures, and that UserInfo is about the same person.
  async login() {
    const nonce = oauth.generateRandomNonce()
    const checks = { expectedNonce: nonce, requireIdToken: true, maxAge: 3600 }
    const tokens = await authorize(checks, { nonce, max_age: '3600' })
    const claims = oauth.getValidatedIdTokenClaims(tokens)
    const answer = await oauth.userInfoRequest(server, client, tokens.access_token, http)
    const told = await oauth.processUserInfoResponse(server, client, claims.sub, answer)
    const refreshed = await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token, http)
    const fresh = await oauth.processRefreshTokenResponse(server, client, refreshed)
    await oauth.validateApplicationLevelSignature(server, refreshed, http)
    return { nonce, tokens, claims, told, fresh: oauth.getValidatedIdTokenClaims(fresh) }
  },
  async dpop() {
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
    const options = { DPoP, ...http }
    const tokens = await authorize(undefined, { dpop_jkt: await DPoP.calculateThumbprint() }, options)
    const resource = await withNonce(() => oauth.protectedResourceRequest(
      tokens.access_token, 'GET', new URL(asked.resource), undefined, undefined, options,
    ))
    const fresh = await withNonce(async () => oauth.processRefreshTokenResponse(
      server, client, await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token, options),
    ))
    return { jkt: await DPoP.calculateThumbprint(), tokens, used: await resource.json(), fresh }
  },
  // FAPI 2.0: a login by which the tokens are bound to a key, and what introspection says of them.
  async fapi() {
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
    const options = { DPoP, ...http }
    const nonce = oauth.generateRandomNonce()
    const tokens = await authorize({ expectedNonce: nonce, requireIdToken: true }, { nonce }, options)
    const claims = oauth.getValidatedIdTokenClaims(tokens)
    const told = await withNonce(async () => oauth.processUserInfoResponse(
      server, client, claims.sub, await oauth.userInfoRequest(server, client, tokens.access_token, options),
    ))
    const fresh = await withNonce(async () => oauth.processRefreshTokenResponse(
      server, client, await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token, options),
    ))
    const description = await introspect(fresh.access_token)
    return { jkt: await DPoP.calculateThumbprint(), tokens, claims, told, fresh, description }
  },
  // RFC 8628.
  async device() {
    const asking = await oauth.processDeviceAuthorizationResponse(
      server, client, await oauth.deviceAuthorizationRequest(server, client, authentication, { scope: asked.scope }, http),
    )
    const options = asked.bound ? { DPoP: oauth.DPoP(client, await oauth.generateKeyPair('ES256')), ...http } : http
    const poll = () => withNonce(async () => oauth.processDeviceCodeResponse(
      server, client, await oauth.deviceCodeGrantRequest(server, client, authentication, asking.device_code, options),
    ))
    const early = await poll().catch((error) => error)
    await visit(new URL(asking.verification_uri_complete))
    const tokens = await poll()
    const refreshed = await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token, options)
    const fresh = await oauth.processRefreshTokenResponse(server, client, refreshed)
    return { pending: early.error, tokens, claims: oauth.getValidatedIdTokenClaims(tokens), fresh }
  },
  async credentials() {
    const tokens = await credentials({ scope: asked.scope })
    const before = await introspect(tokens.access_token)
    await revoke(tokens.access_token)
    return { tokens, before, after: await introspect(tokens.access_token) }
  },
  async refusal() {
    try {
      return await authorize()
    } catch (error) {
      return { name: error.name, error: error.error, description: error.error_description }
    }
  },
  // A client that knows nothing but the resource finds its way to the server (RFC 9728).
  async resource() {
    const resource = new URL(asked.resource)
    const described = await oauth.resourceDiscoveryRequest(resource, http)
    return oauth.processResourceDiscoveryResponse(resource, described)
  },
  // What a resource server does with a JWT (RFC 9068): this library checks it against our key set.
  async jwt() {
    const tokens = await credentials({ resource: asked.audience })
    const request = new Request(asked.audience, { headers: { authorization: `Bearer ${tokens.access_token}` } })
    return { tokens, claims: await oauth.validateJwtAccessToken(server, request, asked.audience, http) }
  },
}

report(await journeys[asked.journey]())
