-- Seconds that a token for these resources lives: the shortest of theirs; none where it is for none in particular.
create or replace function lifetime_for(audience text[]) returns integer language sql stable as $$
    select min(r.lifetime) from resources r where r.uri = any ($1)
$$;
