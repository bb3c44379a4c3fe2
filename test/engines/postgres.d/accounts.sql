CREATE DATABASE shop;

CREATE DATABASE many;

CREATE DATABASE odd;

CREATE DATABASE locked;

REVOKE CONNECT ON DATABASE locked FROM PUBLIC;

SET password_encryption = 'scram-sha-256';

-- may read all of shop, many and odd
CREATE ROLE mooring_reader LOGIN PASSWORD 'p@ss:w/rd#1%';

-- may read some of shop, and two columns of shop.customers
CREATE ROLE mooring_partial LOGIN PASSWORD 'partial';

-- may connect, and sees nothing
CREATE ROLE mooring_nobody LOGIN PASSWORD 'nobody';

-- may create and write in shop
CREATE ROLE mooring_writer LOGIN PASSWORD 'writer';

-- only over TLS; only over TLS with client.crt in place of a password; with both
CREATE ROLE mooring_tls LOGIN PASSWORD 'tls-only';

CREATE ROLE mooring_cert LOGIN;

CREATE ROLE mooring_both LOGIN PASSWORD 'both';

-- the server asks for the password in clear
CREATE ROLE mooring_plain LOGIN PASSWORD 'plain';

CREATE ROLE mooring_nologin NOLOGIN PASSWORD 'nologin';

CREATE ROLE mooring_full LOGIN PASSWORD 'full' CONNECTION LIMIT 0;

SET password_encryption = 'md5';

CREATE ROLE mooring_md5 LOGIN PASSWORD 'md5-hashed';

