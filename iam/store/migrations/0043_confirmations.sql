-- The key that a code or token is bound to, such as jkt:<base64url SHA-256 of a public key> (RFC 9449 §6); null: to none.
-- A server of the version before binds nothing, and knows no bound tokens.
alter table access_tokens add column confirmation text;
alter table refresh_tokens add column confirmation text;
alter table authorization_codes add column confirmation text;
