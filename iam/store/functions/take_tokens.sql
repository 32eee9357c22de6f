-- Take from all of these buckets or, where one has too little, from none. A token is `seconds` of one bucket, which holds `spans`
-- seconds when it is full. Rows are made and locked in the order of their names, so that any number of servers agree on what is left.
create or replace function take_tokens(
    names bytea[], seconds double precision[], spans double precision[], at timestamptz,
    out taken boolean, out full_ats timestamptz[]
) language plpgsql as $$
begin
    insert into buckets as b (name, full_at) select n, at from unnest(names) as n order by n
    on conflict (name) do update set full_at = excluded.full_at where b.full_at < excluded.full_at;

    select bool_and(b.full_at + make_interval(secs => i.second) <= at + make_interval(secs => i.span)),
        array_agg(b.full_at order by i.n)
    into taken, full_ats
    from unnest(names, seconds, spans) with ordinality as i (name, second, span, n)
    join buckets b on b.name = i.name;

    if taken then
        update buckets b set full_at = b.full_at + make_interval(secs => i.second)
        from unnest(names, seconds) as i (name, second) where b.name = i.name;
    end if;
end
$$;
