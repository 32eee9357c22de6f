-- The list of groups, by pages: in the order of bytes.
create index groups_in_order on groups (name_key collate "C");
