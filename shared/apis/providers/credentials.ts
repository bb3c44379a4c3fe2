import type { Connector } from '../../connectors/connector.ts';
import { resolveConnector, listCredentialFields } from '../../domain/connections/parse-connection-input.ts';
import { createFieldProblem } from '../../parse-input.ts';
import { Problem } from '../../problem.ts';

type ProviderFields = Readonly<Record<string, unknown>>;

/** The fields of this API's single object, under Mooring's names and in Mooring's objects. */
interface ProviderParts {
  readonly config?: ProviderFields;
  readonly credentials?: ProviderFields;
  readonly options?: ProviderFields;
  readonly ssl?: ProviderFields;
}

/** Fields that every connector has in addition to its own. */
const commonProviderFields: Readonly<Record<string, readonly [part: 'options' | 'ssl', name: string]>> = {
  ssl_mode: ['options', 'ssl_mode'],
  ssl_ca: ['ssl', 'ca'],
  ssl_cert: ['ssl', 'cert'],
  ssl_key: ['ssl', 'key'],
};

/** Splits an object that holds both settings and secrets of a connector. Unknown fields go to `config`, where the domain refuses them. */
export const splitProviderCredentials = (type: string, given: ProviderFields): ProviderParts => {
  const connector = resolveConnector(type);
  if (hasUsername(connector) && 'user' in given && 'username' in given) {
    throw createFieldProblem([
      { path: 'credentials.username', expected: 'the field once: it is given twice' },
    ]);
  }
  const secrets = listCredentialFields(connector);
  const sorted = Object.entries(given).map(([field, value]) => {
    const [part, name] = resolveFieldPart(field, connector, secrets);
    return { part, pair: [name, value] as const };
  });
  const byPart = Map.groupBy(sorted, ({ part }) => part);
  return Object.fromEntries(
    [...byPart].map(([part, fields]) => [part, Object.fromEntries(fields.map(({ pair }) => pair))]),
  );
};

const resolveFieldPart = (
  field: string,
  connector: Connector,
  secrets: ReadonlySet<string>,
): readonly [part: keyof ProviderParts, name: string] => {
  if (Object.hasOwn(commonProviderFields, field)) return commonProviderFields[field] ?? ['config', field];
  if (secrets.has(field)) return ['credentials', field];
  return ['config', field === 'user' && hasUsername(connector) ? 'username' : field];
};

const hasUsername = ({ config }: Connector) => 'username' in config.entries;

/** Runs `work` and converts the paths of its field errors to the names that the caller sent. */
export const withProviderPaths = async <T>(given: ProviderFields, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem) || !error.extras.errors) throw error;
    const errors = error.extras.errors.map(({ path, expected, ...rest }) => ({
      ...rest,
      path: toProviderPath(path, given),
      expected: expected.replaceAll(/\bssl\.(ca|cert|key)\b/g, 'ssl_$1'),
    }));
    throw createFieldProblem(errors, error.code, 'body');
  }
};

const toProviderPath = (path: string, given: ProviderFields): string => {
  const known = Object.entries(commonProviderFields).find(([, field]) => field.join('.') === path);
  if (known) return `credentials.${known[0]}`;
  if (path === 'config.username') return `credentials.${'username' in given ? 'username' : 'user'}`;
  return path.replace(/^config\b/, 'credentials');
};
