-- A remembered session changes its cookie as it is used: `step` counts how often it has, and since when the newest is used.
-- Sessions that are there, and those that servers of the version before begin, are at their first step as of now: so no cookie
-- changes within a day of this migration, while such servers, which do not know later steps, may still be there.
alter table sessions
    add column step integer not null default 0,
    add column stepped_at timestamptz not null default now();
