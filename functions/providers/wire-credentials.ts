import type { Connector } from '../../shared/connectors/connector.ts';
import { connectorOf, credentialFields } from '../../shared/domain/assemble.ts';
import { refusal } from '../../shared/parse.ts';
import { Problem } from '../../shared/problem.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The fields of this API's single object, under Mooring's names and in Mooring's objects. */
interface Parts {
  readonly config?: Fields;
  readonly credentials?: Fields;
  readonly options?: Fields;
  readonly ssl?: Fields;
}

/** Fields that every connector has in addition to its own. */
const ofAll: Readonly<Record<string, readonly [place: 'options' | 'ssl', name: string]>> = {
  ssl_mode: ['options', 'ssl_mode'],
  ssl_ca: ['ssl', 'ca'],
  ssl_cert: ['ssl', 'cert'],
  ssl_key: ['ssl', 'key'],
};

/** Splits an object that holds both settings and secrets of a connector. Unknown fields go to `config`, where the domain refuses them. */
export const partsOf = (type: string, given: Fields): Parts => {
  const connector = connectorOf(type);
  if (hasUsername(connector) && 'user' in given && 'username' in given) {
    throw refusal([{ path: 'credentials.username', expected: 'the field once: it is given twice' }]);
  }
  const secrets = credentialFields(connector);
  const placed = Object.entries(given).map(([field, value]) => {
    const [place, name] = placeOf(field, connector, secrets);
    return { place, pair: [name, value] as const };
  });
  const byPlace = Map.groupBy(placed, ({ place }) => place);
  return Object.fromEntries(
    [...byPlace].map(([place, fields]) => [place, Object.fromEntries(fields.map(({ pair }) => pair))]),
  );
};

const placeOf = (
  field: string,
  connector: Connector,
  secrets: ReadonlySet<string>,
): readonly [place: keyof Parts, name: string] => {
  if (Object.hasOwn(ofAll, field)) return ofAll[field] ?? ['config', field];
  if (secrets.has(field)) return ['credentials', field];
  return ['config', field === 'user' && hasUsername(connector) ? 'username' : field];
};

const hasUsername = ({ config }: Connector) => 'username' in config.entries;

/** Runs `work` and converts the paths of its field errors to the names that the caller sent. */
export const toldAs = async <T>(given: Fields, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem) || !error.extras.errors) throw error;
    const errors = error.extras.errors.map(({ path, expected, ...rest }) => ({
      ...rest,
      path: sentPath(path, given),
      expected: expected.replaceAll(/\bssl\.(ca|cert|key)\b/g, 'ssl_$1'),
    }));
    throw refusal(errors, error.code, 'body');
  }
};

const sentPath = (path: string, given: Fields): string => {
  const known = Object.entries(ofAll).find(([, place]) => place.join('.') === path);
  if (known) return `credentials.${known[0]}`;
  if (path === 'config.username') return `credentials.${'username' in given ? 'username' : 'user'}`;
  return path.replace(/^config\b/, 'credentials');
};
