-- Tells the triggers of a statement what time it is, for they see nothing of its parameters; gives it back.
create or replace function moment(at timestamptz) returns timestamptz language sql volatile as $$
    select set_config('iam.moment', $1::text, true)::timestamptz
$$;
