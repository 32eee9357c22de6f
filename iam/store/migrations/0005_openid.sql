-- OpenID Connect: who logged in how, what a relying party is told of them, and what its own metadata say.

-- What a scope says of a person at UserInfo (OpenID Connect Core §5.4); operators map claims of their own to scopes of their own.
alter table scopes add column claims text[] not null default '{}';
-- (Scopes are shown in the order of their creation.)
insert into scopes (name, description, claims, created_at)
select name, description, claims::text[], now() + n * interval '1 microsecond'
from (values
    ('openid', 'Know who you are', '{sub}', 1),
    ('profile', 'Read your profile, such as your name and picture',
        '{name,family_name,given_name,middle_name,nickname,preferred_username,profile,picture,website,gender,birthdate,zoneinfo,locale,updated_at}',
        2),
    ('email', 'Read your e-mail address', '{email,email_verified}', 3),
    ('address', 'Read your postal address', '{address}', 4),
    ('phone', 'Read your telephone number', '{phone_number,phone_number_verified}', 5),
    ('offline_access', 'Stay connected when you are not here', '{}', 6)
) as of_openid (name, description, claims, n)
on conflict (name) do update set claims = excluded.claims;

-- OpenID Connect Registration §2 and the logout specifications, by their own names; what is not there has its default.
alter table clients add column openid jsonb not null default '{}';

-- How a person proved who they are (RFC 8176).
alter table sessions add column amr text[] not null default '{pwd}';

-- What ID tokens under a grant say of the login that it was given in, and which claims were asked for by name; none: the
-- grant is not about a person's identity.
alter table grants add column openid jsonb;

drop function may_live(uuid, timestamptz, timestamptz, text[], text);
create function may_live(grant_id uuid, at timestamptz, since timestamptz, audience text[], via text)
returns table (
    id uuid, client_id text, user_id uuid, username text, session_id uuid, grant_type text,
    scope text, resources text[], created_at timestamptz, expires_at timestamptz, openid jsonb
) language sql stable rows 1 as $$
    select g.id, g.client_id, g.user_id, u.username, g.session_id, g.grant_type,
        g.scope, g.resources, g.created_at, g.expires_at, g.openid
    from grants g
    join clients c on c.id = g.client_id
        and c.disabled_at is null
        and g.grant_type = any (c.grant_types)
        and ($5 is null or $5 = any (c.grant_types))
        and coalesce($3, g.created_at) >= c.not_before
    left join users u on u.id = g.user_id
    where g.id = $1
        and g.revoked_at is null
        and (g.expires_at is null or g.expires_at > $2)
        and coalesce($3, g.created_at) >= coalesce((select e.not_before from epochs e where e.name = 'all'), '-infinity')
        and (g.user_id is null or (
            u.disabled_at is null
            and coalesce($3, g.created_at) >= u.not_before
            and exists (
                select from consents k
                where k.user_id = g.user_id and k.client_id = g.client_id and k.scopes @> string_to_array(g.scope, ' ')
            )
        ))
        and (coalesce($4, g.resources) = '{}' or not exists (
            select from unnest(coalesce($4, g.resources)) asked (uri)
            where not exists (select from resources r where r.uri = asked.uri and r.disabled_at is null)
        ))
    offset 0
$$;
