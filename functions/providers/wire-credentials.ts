import type { Connector } from '../../shared/connectors/connector.ts';
import { connectorOf, credentialFields } from '../../shared/domain/assemble.ts';
import { refusal } from '../../shared/parse.ts';
import { Problem } from '../../shared/problem.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What stands in the one object of this API, under our own names and in our own places. */
interface Parts {
  readonly config?: Fields;
  readonly credentials?: Fields;
  readonly options?: Fields;
  readonly ssl?: Fields;
}

/** Fields that each connector has besides its own. */
const ofAll: Readonly<Record<string, readonly [place: 'options' | 'ssl', name: string]>> = {
  ssl_mode: ['options', 'ssl_mode'],
  ssl_ca: ['ssl', 'ca'],
  ssl_cert: ['ssl', 'cert'],
  ssl_key: ['ssl', 'key'],
};

/** Takes apart what holds a connector's settings and secrets side by side. What it does not know the domain will not know either. */
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

/** Does the work; what the domain then says of a field is told under the name that the caller knows it by. */
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
