import type { ReadTable } from './differences.ts';

type Run = (sql: string) => Promise<readonly (readonly unknown[])[]>;

/** Reads a MySQL or MariaDB database with SHOW statements, table by table. The connector reads information_schema instead. */
export const readMysql = async (run: Run, schema: string): Promise<ReadTable[]> => {
  const tables: ReadTable[] = [];
  const status = new Map(
    (await run(`show table status from ${quote(schema)}`)).map((row) => [text(row[0]), text(row[17])]),
  );
  for (const [value, type] of await run(`show full tables from ${quote(schema)}`)) {
    const name = text(value);
    const isView = type === 'VIEW';
    const place = `${quote(schema)}.${quote(name)}`;
    const columns = await run(`show full columns from ${place}`);
    const statement = text((await run(`show create table ${place}`))[0]?.[1]);
    const found = isView ? [] : await run(`show index from ${place}`);
    tables.push({
      schema,
      name,
      kind: isView ? 'view' : 'table',
      comment: isView ? null : status.get(name) || null,
      columns: columns.map((row, at) => columnOf(row, at + 1, statement)),
      primary_key: found.filter(([, , key]) => key === 'PRIMARY').map(([, , , , column]) => text(column)),
      foreign_keys: [...statement.matchAll(foreignKey)].map(
        ([, key = '', ours = '', first = '', second, theirs = '']) => ({
          name: unquote(key),
          columns: namesIn(ours),
          references: {
            schema: second === undefined ? schema : unquote(first),
            table: unquote(second ?? first),
            columns: namesIn(theirs),
          },
          valid: true,
        }),
      ),
      indexes: [...Map.groupBy(found, ([, , key]) => text(key))].map(([key, parts]) => ({
        name: key,
        columns: parts
          .toSorted((a, b) => Number(a[3]) - Number(b[3]))
          // The last column is the expression of a functional index, if the server supports them.
          .map((part) => text(part[4] ?? part[14])),
        unique: Number(parts[0]?.[1]) === 0,
        predicate: null,
        valid: true,
      })),
    });
  }
  return tables;
};

const foreignKey =
  /CONSTRAINT (`(?:[^`]|``)+`) FOREIGN KEY \(([^)]*)\) REFERENCES (`(?:[^`]|``)+`)(?:\.(`(?:[^`]|``)+`))? \(([^)]*)\)/g;

const columnOf = (row: readonly unknown[], position: number, statement: string): ReadTable['columns'][number] => {
  const [name, type, , nullable, , preset, extra, , comment] = row;
  const how = text(extra);
  const isGenerated = /(VIRTUAL|STORED|PERSISTENT)/.test(how) && !how.includes('DEFAULT_GENERATED');
  const [, line = ''] = new RegExp(`^  ${escape(quote(text(name)))} (.*)$`, 'm').exec(statement) ?? [];
  const expression = /GENERATED ALWAYS AS \((.*)\) (?:VIRTUAL|STORED|PERSISTENT)/.exec(line)?.[1];
  const readDefault = () => {
    if (isGenerated) return expression ?? null;
    return preset === null || preset === undefined ? null : text(preset);
  };
  const readGenerated = () => {
    if (how.includes('auto_increment')) return 'identity';
    if (!isGenerated) return null;
    return how.includes('VIRTUAL') ? 'virtual' : 'stored';
  };
  return {
    name: text(name),
    position,
    type: text(type),
    nullable: nullable === 'YES',
    default: readDefault(),
    generated: readGenerated(),
    comment: text(comment) || null,
  };
}; // prettier-ignore

const escape = (pattern: string) => pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
const quote = (name: string) => `\`${name.replaceAll('`', '``')}\``;
const unquote = (name: string) => name.slice(1, -1).replaceAll('``', '`');
const namesIn = (list: string) => (list.match(/`(?:[^`]|``)+`/g) ?? []).map(unquote);
const text = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return Buffer.isBuffer(value) ? value.toString() : '';
};
