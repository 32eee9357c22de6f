-- May this grant live now (H20)? Every path asks here: code, refresh, client credentials, introspection, resources. What
-- is presented was issued at `since` (none: with the grant), is for `audience` (none: all that was granted), and comes by
-- the grant type `via` (none: by that of the grant alone). A standing grant has no expiry and outlives epochs; what was
-- issued under it before does not. The person's consent must still cover it, and its client must still be one that may ask
-- for each of the resources. Who uses an application or has a scope that is for the members of groups alone must be one. A person's own token has no client, and needs no consent: they made it.
-- (Groups are asked about only where there are restrictions; `s.scope > ''` lets these be found by their key.)
-- (`offset 0`: each table is looked up by its key; joined, it would be read as a whole while it is small.)
create or replace function may_live(grant_id uuid, at timestamptz, since timestamptz, audience text[], via text)
returns table (
    id uuid, client_id text, user_id uuid, username text, session_id uuid, grant_type text,
    scope text, resources text[], created_at timestamptz, expires_at timestamptz, openid jsonb
) language sql stable rows 1 as $$
    select g.id, g.client_id, g.user_id, u.username, g.session_id, g.grant_type,
        g.scope, g.resources, g.created_at, g.expires_at, g.openid
    from grants g
    left join clients c on c.id = g.client_id
    left join users u on u.id = g.user_id
    where g.id = $1
        and (
            c.disabled_at is null
            and g.grant_type = any (c.grant_types)
            and ($5 is null or $5 = any (c.grant_types))
            and coalesce($3, g.created_at) >= c.not_before
            or g.client_id is null and g.user_id is not null and g.grant_type = 'personal_token'
        )
        and g.revoked_at is null
        and (g.expires_at is null or g.expires_at > $2)
        and coalesce($3, g.created_at) >= coalesce((select e.not_before from epochs e where e.name = 'all'), '-infinity')
        and (g.user_id is null or (
            u.disabled_at is null
            and coalesce($3, g.created_at) >= u.not_before
            and case when c.members_only then admitted(g.user_id, c.id) else true end
            and case when exists (select from scope_groups s where s.scope > '')
                then barred(g.user_id, string_to_array(g.scope, ' ')) = '{}' else true end
            and case
                when g.client_id is null then g.created_at >= u.tokens_not_before
                else coalesce($3, g.created_at) >= u.applications_not_before and exists (
                    select from consents k
                    where k.user_id = g.user_id and k.client_id = g.client_id
                        and k.scopes @> string_to_array(g.scope, ' ') and k.resources ?& g.resources
                )
            end
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
