import type { CatalogScope } from '../catalog.ts';

interface ScopeRules {
  /** At least one schema that is never read. */
  readonly systemSchemas: readonly string[];
  readonly quoteText: (text: string) => string;
}

/** Renders the condition that selects the schemas of a scope: `database <> 'system' and database in ('sales')`. */
export const renderSchemaScope = (
  column: string,
  { schemas, excludedSchemas }: CatalogScope,
  { systemSchemas, quoteText }: ScopeRules,
): string => {
  const list = (names: readonly string[]) => names.map(quoteText).join(', ');
  const conditions = systemSchemas.map((name) => `${column} <> ${quoteText(name)}`);
  if (schemas) conditions.push(schemas.length > 0 ? `${column} in (${list(schemas)})` : '1 = 0');
  if (excludedSchemas.length > 0) conditions.push(`${column} not in (${list(excludedSchemas)})`);
  return conditions.join(' and ');
};
