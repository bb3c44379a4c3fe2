import type { Missing, Scope } from '../catalog.ts';
import { firstFew, schemasNotFound } from '../sql/missing.ts';
import { quote } from './quote.ts';
import type { Reading } from './read.ts';
import type { Relation } from './relation.ts';

/** A relation with the rights of the account. */
type Seen = Pick<Relation, 'schema' | 'name' | 'access' | 'readable' | 'columns'>;

/** Reports what the account may not read, with the statements that allow it. `seen` contains all relations in scope. */
export const unreadable = (
  seen: readonly Seen[],
  closed: ReadonlySet<string>,
  account: string,
): Missing[] => {
  const to = `TO ${quote(account)};`;
  const grant = ({ schema, name }: Seen) => `GRANT SELECT ON ${quote(schema)}.${quote(name)} ${to}`;
  const denied = ({ schema, access }: Seen) => closed.has(schema) || access === 'none';
  const tables = seen.filter(denied);
  const partly = seen.filter(
    (relation) =>
      relation.readable &&
      !denied(relation) &&
      (relation.columns?.names.length ?? 0) > relation.readable.size,
  );
  const all = Map.groupBy(seen, ({ schema }) => schema);
  const grants = [...Map.groupBy(tables, ({ schema }) => schema)].flatMap(([schema, out]) => {
    const none = out.filter(({ access }) => access === 'none');
    const whole = none.length > 1 && none.length === all.get(schema)?.length;
    return [
      ...(closed.has(schema) ? [`GRANT USAGE ON SCHEMA ${quote(schema)} ${to}`] : []),
      ...(whole ? [`GRANT SELECT ON ALL TABLES IN SCHEMA ${quote(schema)} ${to}`] : none.map(grant)),
    ];
  });
  return [
    ...(tables.length
      ? [{ reason: 'tables-denied', count: tables.length, remediation: firstFew(grants) }]
      : []),
    ...(partly.length
      ? [{ reason: 'columns-denied', count: partly.length, remediation: firstFew(partly.map(grant)) }]
      : []),
  ];
};

/** Reports schemas that the scope names and that do not exist. */
export const notThere = ({ schemas, excludedSchemas }: Scope, found: Pick<Reading, 'schemas'>): Missing[] => {
  const names = (schemas ?? []).filter((name) => !found.schemas.has(name) && !excludedSchemas.includes(name));
  return schemasNotFound(names, found.schemas, quote);
};
