-- The primary key is (user_id, client_id). Where clients have one consent each, an index on the client alone looks as good to the
-- planner, and then a consent of a client that has a million is sought among all of them. With both columns either is right.
drop index consents_client_id;
create index consents_client_id on consents (client_id, user_id);
