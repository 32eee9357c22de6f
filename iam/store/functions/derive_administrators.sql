-- Lets users.superuser of these people say whether they have the role administrator; the last enabled administrator keeps it. Those
-- who change roles at the same time come one after the other (as other_administrator), so that each sees what the one before did.
create or replace function derive_administrators(people uuid[]) returns void language plpgsql as $$
declare
    fewer boolean;
begin
    if not exists (select from users u where u.id = any (people)) then
        return;
    end if;
    perform pg_advisory_xact_lock(1768779118, hashtext(current_schema() || '.administrators'));
    fewer := exists (
        select from users u where u.id = any (people) and u.superuser and u.disabled_at is null and not administers(u.id)
    );
    if fewer then
        perform from users u where u.superuser and u.disabled_at is null order by u.id for no key update;
    end if;
    update users u set superuser = not u.superuser,
        updated_at = coalesce(nullif(current_setting('iam.moment', true), '')::timestamptz, u.updated_at)
    where u.id = any (people) and u.superuser <> administers(u.id);
    if fewer and not exists (select from users u where u.superuser and u.disabled_at is null) then
        raise exception 'the last enabled administrator stays'
            using errcode = 'integrity_constraint_violation', constraint = 'last_administrator';
    end if;
end
$$;
