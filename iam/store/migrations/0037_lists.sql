-- Lists of applications and grants, by pages: in the order of bytes, and of ids, which is that of their making.
create index clients_in_order on clients ((lower(name) collate "C"), (id collate "C"));
create index grants_of_client on grants (client_id, id);
create index grants_of_user on grants (user_id, id) where user_id is not null;
drop index grants_client_id;
drop index grants_user_id;
