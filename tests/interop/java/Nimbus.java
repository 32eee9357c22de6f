import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jwt.JWT;
import com.nimbusds.oauth2.sdk.*;
import com.nimbusds.oauth2.sdk.auth.*;
import com.nimbusds.oauth2.sdk.device.*;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.id.*;
import com.nimbusds.oauth2.sdk.pkce.*;
import com.nimbusds.oauth2.sdk.token.RefreshToken;
import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import com.nimbusds.openid.connect.sdk.*;
import com.nimbusds.openid.connect.sdk.claims.*;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import com.nimbusds.openid.connect.sdk.validators.*;
import java.io.*;
import java.net.URI;
import java.util.Map;
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

    private Nimbus(Map<String, Object> asked) throws Exception {
        this.asked = asked;
        server = OIDCProviderMetadata.resolve(new Issuer(said("issuer")));
        id = new ClientID(said("client_id"));
        scope = Scope.parse(said("scope"));
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
        var request = new AuthenticationRequest.Builder(ResponseType.CODE, scope, id, redirectUri)
            .endpointURI(server.getAuthorizationEndpointURI())
            .codeChallenge(verifier, CodeChallengeMethod.S256)
            .state(state)
            .nonce(nonce)
            .build();
        var answer = AuthenticationResponseParser.parse(visit(request.toURI()));
        if (!answer.indicatesSuccess()) throw new Exception(answer.toErrorResponse().getErrorObject().toString());
        if (!state.equals(answer.getState())) throw new Exception("the answer is to another request");
        if (!server.getIssuer().equals(answer.getIssuer())) throw new Exception("another server answers");
        var code = answer.toSuccessResponse().getAuthorizationCode();
        var tokens = tokens(new AuthorizationCodeGrant(code, redirectUri, verifier));
        var subject = subject(tokens, nonce);
        var told = UserInfoResponse.parse(
            new UserInfoRequest(server.getUserInfoEndpointURI(), tokens.getAccessToken()).toHTTPRequest().send());
        return refreshed(tokens, subject, told.toSuccessResponse().getUserInfo().getSubject());
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
        var early = OIDCTokenResponseParser.parse(redemption(grant).send()).toErrorResponse().getErrorObject();
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
            "scope", tokens.getAccessToken().getScope().toString(),
            "rotated", !fresh.getRefreshToken().equals(tokens.getRefreshToken()));
    }

    private OIDCTokens tokens(AuthorizationGrant grant) throws Exception {
        var answer = OIDCTokenResponseParser.parse(redemption(grant).send());
        if (!answer.indicatesSuccess()) throw new Exception(answer.toErrorResponse().getErrorObject().toString());
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
        var validator = new IDTokenValidator(server.getIssuer(), id, alg, server.getJWKSetURI().toURL());
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
            case "client_secret_jwt" -> new ClientSecretJWT(id, server.getTokenEndpointURI(), JWSAlgorithm.HS256, secret);
            default -> throw new Exception("there is no method " + said("auth_method"));
        };
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
