import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWT;
import com.nimbusds.oauth2.sdk.*;
import com.nimbusds.oauth2.sdk.auth.*;
import com.nimbusds.oauth2.sdk.device.*;
import com.nimbusds.oauth2.sdk.dpop.*;
import com.nimbusds.oauth2.sdk.http.*;
import com.nimbusds.oauth2.sdk.id.*;
import com.nimbusds.oauth2.sdk.jarm.JARMValidator;
import com.nimbusds.oauth2.sdk.pkce.*;
import com.nimbusds.oauth2.sdk.token.*;
import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import com.nimbusds.openid.connect.sdk.*;
import com.nimbusds.openid.connect.sdk.claims.*;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import com.nimbusds.openid.connect.sdk.validators.*;
import java.io.*;
import java.net.URI;
import java.net.URL;
import java.util.Map;
import java.util.concurrent.Callable;
import net.minidev.json.JSONObject;

/**
 * The OAuth 2.0 SDK with OpenID Connect extensions of Nimbus, used as its documentation says.
 *
 * <p>The first line that the test writes says what to do, and as whom. The program says where the person is to go, reads where
 * the browser was sent, and says what came of it.
 */
public class Nimbus {

    private static final BufferedReader LINES = new BufferedReader(new InputStreamReader(System.in));

    private final Map<String, Object> asked;
    private final OIDCProviderMetadata server;
    private final ClientID id;
    private final Scope scope;
    private final DPoPProofFactory proofs;
    private Nonce proofNonce;

    private Nimbus(Map<String, Object> asked) throws Exception {
        this.asked = asked;
        server = OIDCProviderMetadata.resolve(new Issuer(said("issuer")));
        id = new ClientID(said("client_id"));
        scope = Scope.parse(said("scope"));
        var key = new ECKeyGenerator(Curve.P_256).generate();
        proofs = asks("bound") ? new DefaultDPoPProofFactory(key, JWSAlgorithm.ES256) : null;
    }

    public static void main(String[] arguments) throws Exception {
        var client = new Nimbus(JSONObjectUtils.parse(LINES.readLine()));
        say("outcome", client.said("journey").equals("device") ? client.device() : client.login());
    }

    /** A person logs in (with PKCE), the library believes the ID token, asks UserInfo, and refreshes. */
    private Map<String, Object> login() throws Exception {
        var verifier = new CodeVerifier();
        var state = new State();
        var nonce = new Nonce();
        var redirectUri = new URI(said("redirect_uri"));
        var builder = new AuthenticationRequest.Builder(ResponseType.CODE, scope, id, redirectUri)
            .endpointURI(server.getAuthorizationEndpointURI())
            .codeChallenge(verifier, CodeChallengeMethod.S256)
            .state(state)
            .nonce(nonce);
        if (asks("jwt")) builder.responseMode(ResponseMode.JWT);
        var request = asks("pushed") ? pushed(builder.build()) : builder.build();
        var came = visit(request.toURI());
        var answer = asks("jwt")
            ? AuthenticationResponseParser.parse(came, new JARMValidator(server.getIssuer(), id, JWSAlgorithm.RS256, keys()))
            : AuthenticationResponseParser.parse(came);
        if (!answer.indicatesSuccess()) throw new Exception(answer.toErrorResponse().getErrorObject().toJSONObject().toString());
        if (!state.equals(answer.getState())) throw new Exception("the answer is to another request");
        if (!asks("jwt") && !server.getIssuer().equals(answer.getIssuer())) throw new Exception("another server answers");
        var code = answer.toSuccessResponse().getAuthorizationCode();
        var tokens = tokens(new AuthorizationCodeGrant(code, redirectUri, verifier));
        var subject = subject(tokens, nonce);
        var asking = new UserInfoRequest(server.getUserInfoEndpointURI(), tokens.getAccessToken());
        var told = UserInfoResponse.parse(send(asking::toHTTPRequest, tokens.getAccessToken()));
        return refreshed(tokens, subject, told.toSuccessResponse().getUserInfo().getSubject());
    }

    /** What stands for a request that is pushed first (RFC 9126). */
    private AuthenticationRequest pushed(AuthenticationRequest request) throws Exception {
        var answer = PushedAuthorizationResponse.parse(send(() -> push(request), null));
        if (!answer.indicatesSuccess()) throw new Exception(answer.toErrorResponse().getErrorObject().toJSONObject().toString());
        return new AuthenticationRequest.Builder(answer.toSuccessResponse().getRequestURI(), id)
            .endpointURI(server.getAuthorizationEndpointURI())
            .build();
    }

    private HTTPRequest push(AuthenticationRequest request) throws Exception {
        var authentication = authentication();
        var endpoint = server.getPushedAuthorizationRequestEndpointURI();
        var pushing = authentication == null
            ? new PushedAuthorizationRequest(endpoint, request)
            : new PushedAuthorizationRequest(endpoint, authentication, request);
        return pushing.toHTTPRequest();
    }

    /** Sends a request, with a proof if tokens shall be bound (RFC 9449), and makes another if it lacks the nonce. */
    private HTTPResponse send(Callable<HTTPRequest> request, AccessToken token) throws Exception {
        var response = prove(request.call(), token).send();
        if (proofs == null || response.getDPoPNonce() == null) return response;
        proofNonce = response.getDPoPNonce();
        var asks = response.getBody() != null && response.getBody().contains("use_dpop_nonce");
        return asks ? prove(request.call(), token).send() : response;
    }

    private HTTPRequest prove(HTTPRequest request, AccessToken token) throws Exception {
        if (proofs == null) return request;
        var method = request.getMethod().name();
        request.setDPoP(token == null
            ? proofs.createDPoPJWT(method, request.getURI(), proofNonce)
            : proofs.createDPoPJWT(method, request.getURI(), token, proofNonce));
        return request;
    }

    /** A person lets a device in (RFC 8628). */
    private Map<String, Object> device() throws Exception {
        var authentication = authentication();
        var builder = authentication == null
            ? new DeviceAuthorizationRequest.Builder(id)
            : new DeviceAuthorizationRequest.Builder(authentication);
        var request = builder.endpointURI(server.getDeviceAuthorizationEndpointURI()).scope(scope).build();
        var asking = DeviceAuthorizationResponse.parse(request.toHTTPRequest().send()).toSuccessResponse();
        var grant = new DeviceCodeGrant(asking.getDeviceCode());
        var early = OIDCTokenResponseParser.parse(send(() -> redemption(grant), null)).toErrorResponse().getErrorObject();
        if (!early.equals(DeviceAuthorizationGrantError.AUTHORIZATION_PENDING)) throw new Exception(early.toString());
        visit(asking.getVerificationURIComplete());
        var tokens = tokens(grant);
        var subject = subject(tokens, null);
        return refreshed(tokens, subject, subject);
    }

    private Map<String, Object> refreshed(OIDCTokens tokens, Subject subject, Subject told) throws Exception {
        var fresh = tokens(new RefreshTokenGrant(tokens.getRefreshToken()));
        return Map.of(
            "sub", subject.getValue(),
            "told", told.getValue(),
            "fresh", subject(fresh, null).getValue(),
            "type", fresh.getAccessToken().getType().getValue(),
            "scope", tokens.getAccessToken().getScope().toString(),
            "rotated", !fresh.getRefreshToken().equals(tokens.getRefreshToken()));
    }

    private OIDCTokens tokens(AuthorizationGrant grant) throws Exception {
        var answer = OIDCTokenResponseParser.parse(send(() -> redemption(grant), null));
        if (!answer.indicatesSuccess()) throw new Exception(answer.toErrorResponse().getErrorObject().toJSONObject().toString());
        return ((OIDCTokenResponse) answer.toSuccessResponse()).getOIDCTokens();
    }

    private HTTPRequest redemption(AuthorizationGrant grant) throws Exception {
        var authentication = authentication();
        var builder = authentication == null
            ? new TokenRequest.Builder(server.getTokenEndpointURI(), id, grant)
            : new TokenRequest.Builder(server.getTokenEndpointURI(), authentication, grant);
        return builder.build().toHTTPRequest();
    }

    /** Whom the ID token is about, after the library has checked it, and that it fits its access token. */
    private Subject subject(OIDCTokens tokens, Nonce nonce) throws Exception {
        JWT token = tokens.getIDToken();
        var alg = (JWSAlgorithm) token.getHeader().getAlgorithm();
        if (!alg.getName().equals(said("alg"))) throw new Exception("signed by " + alg);
        var validator = new IDTokenValidator(server.getIssuer(), id, alg, keys());
        var claims = validator.validate(token, nonce);
        AccessTokenValidator.validate(tokens.getAccessToken(), alg, claims.getAccessTokenHash());
        return claims.getSubject();
    }

    /** A new one for each request, as assertions are good for one; none for a public client. */
    private ClientAuthentication authentication() throws Exception {
        if (said("auth_method").equals("none")) return null;
        var secret = new Secret(said("client_secret"));
        return switch (said("auth_method")) {
            case "client_secret_basic" -> new ClientSecretBasic(id, secret);
            case "client_secret_post" -> new ClientSecretPost(id, secret);
            case "client_secret_jwt" -> new ClientSecretJWT(id, URI.create(said("issuer")), JWSAlgorithm.HS256, secret);
            default -> throw new Exception("there is no method " + said("auth_method"));
        };
    }

    private URL keys() throws Exception {
        return server.getJWKSetURI().toURL();
    }

    private boolean asks(String name) {
        return Boolean.TRUE.equals(asked.get(name));
    }

    private String said(String name) {
        return (String) asked.get(name);
    }

    private static URI visit(URI address) throws Exception {
        say("visit", address.toString());
        return new URI((String) JSONObjectUtils.parse(LINES.readLine()).get("address"));
    }

    private static void say(String name, Object value) {
        System.out.println(JSONObject.toJSONString(Map.of(name, value)));
        System.out.flush();
    }
}
