-- Lists of people, by pages: in the order of bytes, so that what begins with a text is one range.
create index users_in_order on users (username_key collate "C");
create index users_by_email on users (email_key collate "C") where email_key is not null;
