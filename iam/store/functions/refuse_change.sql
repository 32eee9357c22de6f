-- What was done stays as it was written: an event goes with its partition, and of its address only the end does (H39).
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and to_jsonb(new) - 'address' = to_jsonb(old) - 'address' and new.address >>= old.address then
        return new;
    end if;
    raise exception 'audit events are never changed' using errcode = 'integrity_constraint_violation';
end
$$;
