/** The sample database of `npm start`. */
export const demoDatabase = 'demo';

/** Creates an account that may read everything and do nothing else. */
export const buildReaderSql = (name: string, password: string): string => `
revoke all on database ${demoDatabase} from public;
revoke all on schema public from public;
create role ${name} login password '${password}' connection limit 20;
grant connect on database ${demoDatabase} to ${name};
grant usage on schema shop, stock, people to ${name};
grant select on all tables in schema shop, stock, people to ${name};
alter role ${name} set default_transaction_read_only = on;`;

export const demoSql = `
create schema shop;
comment on schema shop is 'What is sold, and to whom';
create type shop.order_state as enum ('new', 'paid', 'sent', 'returned');

create table shop.customers (
  id bigint generated always as identity primary key,
  email text not null unique,
  name text not null,
  country char(2) not null,
  born date,
  preferences jsonb not null default '{}',
  tags text[] not null default '{}',
  created_at timestamptz not null default now()
);
comment on table shop.customers is 'Everybody who ever bought something';
comment on column shop.customers.email is 'Where the bill goes';

create table shop.products (
  sku uuid primary key default gen_random_uuid(),
  title text not null,
  price numeric(10, 2) not null check (price >= 0),
  weight_kg double precision,
  picture bytea,
  on_sale boolean not null default false
);
comment on column shop.products.price is 'In euros, with taxes';

create table shop.orders (
  id bigint generated always as identity primary key,
  customer_id bigint not null references shop.customers (id),
  state shop.order_state not null default 'new',
  placed_at timestamptz not null default now()
);
create index orders_by_customer on shop.orders (customer_id, placed_at desc);

create table shop.order_lines (
  order_id bigint not null references shop.orders (id) on delete cascade,
  line smallint not null,
  sku uuid not null references shop.products (sku),
  quantity integer not null check (quantity > 0),
  unit_price numeric(10, 2) not null,
  total numeric(12, 2) generated always as (quantity * unit_price) stored,
  primary key (order_id, line)
);

create view shop.open_orders as
  select o.id, c.name as customer, o.placed_at from shop.orders o join shop.customers c on c.id = o.customer_id
  where o.state in ('new', 'paid');
comment on view shop.open_orders is 'What has still to be sent';

create materialized view shop.revenue_by_month as
  select date_trunc('month', o.placed_at) as month, sum(l.total) as revenue
  from shop.orders o join shop.order_lines l on l.order_id = o.id group by 1;

create schema stock;
comment on schema stock is 'What is where';

create table stock.warehouses (
  code varchar(8) primary key,
  city text not null,
  opens time not null default '08:00'
);

create table stock.levels (
  warehouse varchar(8) not null references stock.warehouses (code),
  sku uuid not null references shop.products (sku),
  pieces integer not null default 0,
  counted_at timestamptz,
  primary key (warehouse, sku)
);

create table stock.movements (
  id bigint generated always as identity,
  warehouse varchar(8) not null references stock.warehouses (code),
  sku uuid not null references shop.products (sku),
  pieces integer not null,
  moved_at timestamptz not null,
  primary key (moved_at, id)
) partition by range (moved_at);
comment on table stock.movements is 'Every piece that came or went, a partition a year';
create table stock.movements_2024 partition of stock.movements for values from ('2024-01-01') to ('2025-01-01');
create table stock.movements_2025 partition of stock.movements for values from ('2025-01-01') to ('2026-01-01');

create schema people;

create table people.employees (
  id integer generated always as identity primary key,
  name text not null,
  boss integer references people.employees (id),
  warehouse varchar(8) references stock.warehouses (code),
  hired_on date not null
);
comment on table people.employees is 'Who works here, and for whom';

insert into shop.customers (email, name, country, born)
  select 'customer' || n || '@example.com', 'Customer ' || n, (array['DE', 'FR', 'GB', 'US'])[1 + n % 4], date '1960-01-01' + n * 31
  from generate_series(1, 400) n;
insert into shop.products (title, price, weight_kg, on_sale)
  select 'Product ' || n, 5 + n % 90, n / 10.0, n % 7 = 0 from generate_series(1, 120) n;
insert into shop.orders (customer_id, state, placed_at)
  select 1 + n % 400, (array['new', 'paid', 'sent', 'sent', 'returned'])[1 + n % 5]::shop.order_state, timestamptz '2024-01-01' + n * interval '7 hours'
  from generate_series(1, 1500) n;
insert into shop.order_lines (order_id, line, sku, quantity, unit_price)
  select o.id, l, p.sku, 1 + (o.id + l) % 3, p.price
  from shop.orders o cross join generate_series(1, 2) l
  join (select sku, price, row_number() over (order by title) as n from shop.products) p on p.n = 1 + (o.id * 7 + l * 13) % 120;
insert into stock.warehouses (code, city) values ('HAM', 'Hamburg'), ('LYO', 'Lyon'), ('LEE', 'Leeds');
insert into stock.levels (warehouse, sku, pieces, counted_at)
  select w.code, p.sku, (random() * 100)::integer, now() from stock.warehouses w cross join shop.products p;
insert into stock.movements (warehouse, sku, pieces, moved_at)
  select l.warehouse, l.sku, l.pieces, timestamptz '2025-03-01' from stock.levels l;
insert into people.employees (name, boss, warehouse, hired_on)
  select 'Employee ' || n, nullif(n / 4, 0), (array['HAM', 'LYO', 'LEE'])[1 + n % 3], date '2015-01-01' + n * 40 from generate_series(1, 30) n;

refresh materialized view shop.revenue_by_month;
analyze;`;
