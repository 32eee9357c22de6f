// The program is a client made of golang.org/x/oauth2 and github.com/coreos/go-oidc, used as their documentation says.
//
// The first line that the test writes says what to do, and as whom. The program says where the person is to go, reads where
// the browser was sent, and says what came of it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/url"
	"os"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

type task struct {
	Journey      string `json:"journey"`
	Issuer       string `json:"issuer"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	RedirectURI  string `json:"redirect_uri"`
	Scope        string `json:"scope"`
}

type client struct {
	oauth2.Config
	provider *oidc.Provider
	lines    *bufio.Scanner
}

type outcome map[string]any

func main() {
	ctx := context.Background()
	lines := bufio.NewScanner(os.Stdin)
	lines.Scan()
	asked := read[task](lines)
	provider := must(oidc.NewProvider(ctx, asked.Issuer))
	c := &client{oauth2.Config{
		ClientID:     asked.ClientID,
		ClientSecret: asked.ClientSecret,
		Endpoint:     provider.Endpoint(),
		RedirectURL:  asked.RedirectURI,
		Scopes:       strings.Fields(asked.Scope),
	}, provider, lines}
	journeys := map[string]func(context.Context) outcome{"login": c.login, "device": c.device}
	say("outcome", journeys[asked.Journey](ctx))
}

// login has a person log in (with PKCE), believes the ID token, asks UserInfo, and refreshes.
func (c *client) login(ctx context.Context) outcome {
	verifier, state, nonce := oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	answer := c.visit(c.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)))
	if answer.Get("state") != state || answer.Get("iss") != c.issuer() {
		log.Fatal("the answer is to another request: ", answer)
	}
	tokens := must(c.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(verifier)))
	claims := c.verified(ctx, tokens)
	if claims.Nonce != nonce {
		log.Fatal("the ID token belongs to another login")
	}
	told := must(c.provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens)))
	return c.refreshed(ctx, tokens, outcome{"sub": claims.Subject, "told": told.Subject, "scope": tokens.Extra("scope")})
}

// device has a person let in a device (RFC 8628). The library sends no secret when it asks for the codes, unless it is told to.
func (c *client) device(ctx context.Context) outcome {
	var secret []oauth2.AuthCodeOption
	if c.ClientSecret != "" {
		secret = append(secret, oauth2.SetAuthURLParam("client_secret", c.ClientSecret))
	}
	asking := must(c.DeviceAuth(ctx, secret...))
	c.visit(asking.VerificationURIComplete)
	asking.Interval = 1 // seconds that the library waits before its first question
	tokens := must(c.DeviceAccessToken(ctx, asking))
	return c.refreshed(ctx, tokens, outcome{"sub": c.verified(ctx, tokens).Subject, "scope": tokens.Extra("scope")})
}

// refreshed adds what a refresh gives: the library makes one where there is no access token that is still good.
func (c *client) refreshed(ctx context.Context, tokens *oauth2.Token, came outcome) outcome {
	fresh := must(c.TokenSource(ctx, &oauth2.Token{RefreshToken: tokens.RefreshToken}).Token())
	came["fresh"] = c.verified(ctx, fresh).Subject
	came["rotated"] = fresh.AccessToken != tokens.AccessToken && fresh.RefreshToken != tokens.RefreshToken
	return came
}

// verified is what the ID token says, which fits its access token.
func (c *client) verified(ctx context.Context, tokens *oauth2.Token) *oidc.IDToken {
	raw, _ := tokens.Extra("id_token").(string)
	token := must(c.provider.Verifier(&oidc.Config{ClientID: c.ClientID}).Verify(ctx, raw))
	if err := token.VerifyAccessToken(tokens.AccessToken); err != nil {
		log.Fatal(err)
	}
	return token
}

func (c *client) issuer() string {
	var told struct {
		Issuer string `json:"issuer"`
	}
	if err := c.provider.Claims(&told); err != nil {
		log.Fatal(err)
	}
	return told.Issuer
}

func (c *client) visit(address string) url.Values {
	say("visit", address)
	c.lines.Scan()
	sent := read[struct {
		Address string `json:"address"`
	}](c.lines)
	return must(url.Parse(sent.Address)).Query()
}

func say(name string, value any) {
	fmt.Println(string(must(json.Marshal(map[string]any{name: value}))))
}

func read[T any](lines *bufio.Scanner) T {
	var value T
	if err := json.Unmarshal(lines.Bytes(), &value); err != nil {
		log.Fatal(err)
	}
	return value
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
