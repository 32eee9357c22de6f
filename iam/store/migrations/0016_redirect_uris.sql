-- May this client's redirect URIs be http in private networks? Only an administrator says so, on the command line.
alter table clients add column allow_http_redirects boolean not null default false;
