import type { Column } from '../catalog.ts';

type Kind = Column['kind'];

/** Goes by the first word of `column_type`. What both makers call a boolean is a `tinyint(1)`; MariaDB's JSON is a `longtext`. */
export const kindOf = (type: string): Kind =>
  booleans.test(type) ? 'boolean' : (kinds.get(/^\w+/.exec(type)?.[0].toLowerCase() ?? '') ?? 'other');

const booleans = /^(tinyint\(1\)|bit\(1\))$/;

const named = (kind: Kind, words: string) => words.split(' ').map((word) => [word, kind] as const);

/** https://dev.mysql.com/doc/refman/9.7/en/data-types.html, https://mariadb.com/kb/en/data-types/ */
const kinds: ReadonlyMap<string, Kind> = new Map([
  ...named('string', 'char varchar tinytext text mediumtext longtext enum set inet4 inet6'),
  ...named('integer', 'tinyint smallint mediumint int integer bigint year'),
  ...named('decimal', 'decimal numeric'),
  ...named('float', 'float double real'),
  ...named('boolean', 'boolean bool'),
  ...named('date', 'date'),
  ...named('time', 'time'),
  ...named('timestamp', 'datetime timestamp'),
  ...named('binary', 'binary varbinary tinyblob blob mediumblob longblob bit'),
  ...named('json', 'json'),
  ...named('uuid', 'uuid'),
  ...named('array', 'vector'),
  ...named(
    'geo',
    'geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection geomcollection',
  ),
]);
