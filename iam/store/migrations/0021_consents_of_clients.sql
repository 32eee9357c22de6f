-- The primary key is (user_id, client_id). Where clients have one consent each, an index on the client alone looks as good to the
-- planner, and then a consent of a client that has a million is sought among all of them. With both columns either is right.
-- (In this order, because who drops an index lets nobody read the table until the end, and every request reads it.)
create index consents_of_client on consents (client_id, user_id);
drop index consents_client_id;
alter index consents_of_client rename to consents_client_id;
