import type { Missing, CatalogScope } from '../catalog.ts';
import { joinFirstLines } from '../reading/join-first-lines.ts';
import { reportMissing } from '../reading/report-missing.ts';
import { reportSchemasNotFound } from '../sql/missing.ts';
import { quotePostgresqlName } from './quote.ts';
import type { PostgresqlReading } from './read-catalog.ts';
import type { Relation } from './relation.ts';

/** A relation with the rights of the account. */
type SeenRelation = Pick<Relation, 'schema' | 'name' | 'access' | 'readable' | 'columns'>;

/** Reports what the account may not read, with the statements that allow it. `seen` contains all relations in scope. */
export const reportUnreadableRelations = (
  seen: readonly SeenRelation[],
  closed: ReadonlySet<string>,
  account: string,
): Missing[] => {
  const to = `TO ${quotePostgresqlName(account)};`;
  const grant = ({ schema, name }: SeenRelation) =>
    `GRANT SELECT ON ${quotePostgresqlName(schema)}.${quotePostgresqlName(name)} ${to}`;
  const denied = ({ schema, access }: SeenRelation) => closed.has(schema) || access === 'none';
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
      ...(closed.has(schema) ? [`GRANT USAGE ON SCHEMA ${quotePostgresqlName(schema)} ${to}`] : []),
      ...(whole
        ? [`GRANT SELECT ON ALL TABLES IN SCHEMA ${quotePostgresqlName(schema)} ${to}`]
        : none.map(grant)),
    ];
  });
  return [
    ...reportMissing('tables-denied', joinFirstLines(grants), tables.length),
    ...reportMissing('columns-denied', joinFirstLines(partly.map(grant)), partly.length),
  ];
};

/** Reports schemas that the scope names and that do not exist. */
export const reportAbsentSchemas = (
  { schemas, excludedSchemas }: CatalogScope,
  found: Pick<PostgresqlReading, 'schemas'>,
): Missing[] => {
  const names = (schemas ?? []).filter((name) => !found.schemas.has(name) && !excludedSchemas.includes(name));
  return reportSchemasNotFound(names, found.schemas, quotePostgresqlName);
};
