-- Why a link is not good at this moment, in one word; none: it is good. Every path asks here, those that show a page and those
-- that use the link. `person` is the row of the link's account.
-- A link for a password ends with that password. A newer one replaces it, but one that anybody can ask for by mail does not
-- replace one that an administrator has printed.
create or replace function link_trouble(link links, person users, at timestamptz) returns text language plpgsql stable as $$
begin
    return case
        when link.used_at is not null then 'used'
        when link.expires_at <= at then 'expired'
        when link.kind = 'sign_up' then case when link.user_id is not null then 'gone' end
        when person.id is null or person.disabled_at is not null then 'gone'
        when link.kind in ('reset', 'invite', 'verify') and link.email is not null and link.email is distinct from person.email
            then 'moved'
        when link.data ? 'password' and link.data ->> 'password' <> password_version(person.password_hash) then 'replaced'
        when link.kind in ('reset', 'invite', 'verify', 'email_change') and exists (
            select from links newer
            where newer.user_id = link.user_id and newer.kind = link.kind and newer.created_at > link.created_at
                and (newer.email is null or link.email is not null)
        ) then 'replaced'
    end;
end
$$;
