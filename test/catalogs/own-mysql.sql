-- A forum and its shop, with what applications do to their schemas over the years.
create table users (
  id bigint unsigned not null auto_increment primary key, login varchar(60) not null, mail varchar(191) default null, created_at datetime(3) not null default current_timestamp(3),
  settings json, avatar mediumblob, score decimal(12, 3) default 0.000, kind enum('guest', 'it''s me') not null default 'guest', flags set('a', 'b') default 'a',
  `group` tinyint(1) default 1 comment 'Of "old"', birthday date default '2000-01-01', seen time(3), half float, whole double not null default 0.5, year_of year,
  mail_domain varchar(100) as (substring_index(mail, '@', -1)) virtual, login_folded varchar(60) as (lower(login)) stored,
  unique key login (login), unique key mail (mail(20)), key kind_seen (kind, seen desc)
) comment 'Everybody; it''s quoted' default charset utf8mb4;
create table topics (
  id int not null auto_increment, author bigint unsigned, title varchar(200) not null default '', state char(1) not null default 'd', parent int, dropped int,
  changed timestamp not null default current_timestamp on update current_timestamp, primary key (id), fulltext key words (title),
  constraint topics_author foreign key (author) references users (id) on delete set null, constraint topics_parent foreign key (parent) references topics (id)
);
alter table topics drop column dropped, add column pinned bit(1) default b'0' after title;
create table posts (
  number int not null, topic int not null, body longtext, place point, primary key (topic, number), key back (number, topic),
  constraint posts_topic foreign key (topic) references topics (id)
);
create table line_items (
  invoice char(12) not null, line int not null, topic int, number int, price decimal(10, 2) default '1.50', note varchar(30) default 'a ''b'' \\ c',
  primary key (line, invoice), constraint of_post foreign key (topic, number) references posts (topic, number)
);
create table visits (at date not null, who bigint, path varchar(200) not null default '/', key paths (path)) partition by range (year(at)) (partition p0 values less than (2024), partition p1 values less than maxvalue);
create view open_topics as select t.id, u.login, u.mail, t.state from topics t left join users u on u.id = t.author;
