-- Whoever writes a client's id in another case is told so.
create index clients_folded_id on clients (lower(id));
