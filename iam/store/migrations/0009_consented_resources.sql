-- What a person allowed a client is allowed at the resources that they were shown, and a resource says which clients may ask
-- for it.

-- The resources that the person allowed, each with the scopes that were shown for it: {"https://api.example": ["read"]}.
alter table consents add column resources jsonb not null default '{}';

-- The URI in the one way of writing it that all equivalent ones have in common (RFC 3986 §6.2), so that two of them cannot both
-- be registered; servers write it. None: nobody has written it yet, or it is the later of two that were there before.
alter table resources add column normal text unique;

-- Which clients may ask for it, besides those in allowed_clients: those that somebody answers for, all, or no others.
-- Grants of before `clients_since` are not judged by it.
alter table resources add column clients text not null default 'administered'
    check (clients in ('administered', 'all', 'named'));
alter table resources add column allowed_clients text[] not null default '{}';
alter table resources add column clients_since timestamptz not null default '-infinity';
update resources set clients_since = now();

-- The initial access token that a client has registered itself with: whoever made that answers for the client. Of those that
-- were registered before this, the audit log knows.
alter table clients add column registration_token_id uuid;
update clients c set registration_token_id = substring(e.actor from 20)::uuid
from audit_events e
where c.registration_digest is not null and e.client = c.id and e.kind = 'client.created'
    and e.actor ~ '^registration token [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

-- What somebody allowed, with what they allow now.
create function consented_with(before jsonb, allowed jsonb) returns jsonb language sql immutable as $$
    select coalesce(jsonb_object_agg(merged.uri, merged.names), '{}') from (
        select each.uri, coalesce(jsonb_agg(distinct s.name) filter (where s.name is not null), '[]') as names
        from (select * from jsonb_each($1) union all select * from jsonb_each($2)) each (uri, names)
        left join lateral jsonb_array_elements_text(each.names) s (name) on true
        group by each.uri
    ) merged
$$;

-- A consent of the version before covers what was granted under it.
update consents k set resources = g.resources from (
    select each.user_id, each.client_id, jsonb_object_agg(each.uri, each.names) as resources from (
        select g.user_id, g.client_id, r.uri, jsonb_agg(distinct s.name) as names
        from grants g cross join unnest(g.resources) r (uri) cross join unnest(string_to_array(g.scope, ' ')) s (name)
        where g.user_id is not null
        group by g.user_id, g.client_id, r.uri
    ) each
    group by each.user_id, each.client_id
) g
where g.user_id = k.user_id and g.client_id = k.client_id;

-- Servers of the version before go on granting without a word about resources in the consent.
create function consent_to_resources() returns trigger language plpgsql as $$
begin
    update consents k
    set resources = consented_with(k.resources, (
        select jsonb_object_agg(r.uri, to_jsonb(string_to_array(new.scope, ' '))) from unnest(new.resources) r (uri)
    ))
    where k.user_id = new.user_id and k.client_id = new.client_id and not k.resources ?& new.resources;
    return null;
end
$$;
create trigger grants_consented after insert on grants
    for each row when (new.user_id is not null and new.resources <> '{}') execute function consent_to_resources();

create or replace function may_live(grant_id uuid, at timestamptz, since timestamptz, audience text[], via text)
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
                where k.user_id = g.user_id and k.client_id = g.client_id
                    and k.scopes @> string_to_array(g.scope, ' ') and k.resources ?& g.resources
            )
        ))
        and (coalesce($4, g.resources) = '{}' or not exists (
            select from unnest(coalesce($4, g.resources)) asked (uri)
            where not exists (
                select from resources r
                where r.uri = asked.uri and r.disabled_at is null and (
                    c.id = any (r.allowed_clients)
                    or case when g.user_id is null then coalesce($3, g.created_at) else g.created_at end < r.clients_since
                    or case
                        when c.registration_digest is null or c.registration_token_id is not null then r.clients <> 'named'
                        else r.clients = 'all' and (r.scopes <> '{}' or r.token_format <> 'jwt')
                    end
                )
            )
        ))
    offset 0
$$;

-- What of `scope` a token for these resources has: what the person allowed this client there, and still means something there
-- (RFC 8707 §2.2). What is about the person is not measured against a resource.
create function scope_at(scope text, audience text[], person uuid, client text) returns text language sql stable as $$
    select coalesce(string_agg(asked.name, ' ' order by asked.n), '')
    from unnest(string_to_array($1, ' ')) with ordinality asked (name, n)
    where asked.name = 'offline_access'
        or exists (select from scopes s where s.name = asked.name and s.claims <> '{}')
        or exists (
            select from resources r
            where r.uri = any ($2) and (r.scopes = '{}' or asked.name = any (r.scopes)) and exists (
                select from consents k
                where k.user_id = $3 and k.client_id = $4 and k.resources -> r.uri ? asked.name
            )
        )
$$;
