import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import * as v from 'valibot';
import type { Connector, SessionTarget } from '../../shared/connectors/connector.ts';
import type {
  ConnectorSample,
  SampleCredentials,
  SampleFields,
  SampleServer,
} from '../../shared/connectors/contract-sample.ts';
import { connectors, type ConnectorType } from '../../shared/connectors/registry.ts';

/** The type of each connector, in the order of the registry. */
export const connectorTypes = Object.keys(connectors) as ConnectorType[]; // the keys of a literal

export const findType = (connector: Connector): ConnectorType => {
  const type = connectorTypes.find((each) => connectors[each] === connector);
  if (!type) throw new Error('the registry has no such connector');
  return type;
};

const loadSample = async (type: ConnectorType): Promise<ConnectorSample | undefined> => {
  const file = new URL(`../../shared/connectors/${type}/contract-sample.ts`, import.meta.url);
  if (!existsSync(file)) return undefined;
  const loaded: { readonly contractSample?: ConnectorSample } = await import(file.href);
  return loaded.contractSample;
};

const samples = new Map(
  await Promise.all(connectorTypes.map(async (type) => [type, await loadSample(type)] as const)),
);

export const hasSample = (type: ConnectorType): boolean => samples.get(type) !== undefined;

/** Finds the sample beside a connector. */
export const findSample = (type: ConnectorType): ConnectorSample => {
  const sample = samples.get(type);
  if (sample) return sample;
  throw new Error(
    `The connector ${type} has no contract sample: export contractSample from shared/connectors/${type}/contract-sample.ts (docs/add-a-connector.md).`,
  );
};

/** The smallest config of a connector, and the credentials of its default auth method. */
export const buildMinimalConnection = (type: ConnectorType, privateKey: string) => {
  const sample = findSample(type);
  const [auth_method = ''] = Object.keys(connectors[type].credentials);
  const credentials = fillCredentials(sample, privateKey)[auth_method] ?? {};
  return { config: sample.config, credentials: { auth_method, ...credentials } };
};

/** The config that directs a connector to a port of this machine, and the endpoint that does so for a service with a fixed host. */
export const directTo = (
  type: ConnectorType,
  port: number,
  scheme: SampleServer['scheme'] = 'https',
  more: SampleFields = {},
): Pick<SessionTarget, 'config' | 'endpoint'> => {
  const sample = findSample(type);
  const server = { host: 'localhost', port, scheme };
  const { directTo: place = ({ host }) => ({ host, port }) } = sample;
  const own = place === 'endpoint' ? {} : place(server);
  return {
    config: v.parse(connectors[type].config, { ...sample.config, ...own, ...more }),
    ...(place === 'endpoint' && { endpoint: `${scheme}://localhost:${port}` }),
  };
};

let key: string | undefined;
/** A private key that connectors can read. It takes a moment to generate. */
export const readablePrivateKey = (): string =>
  (key ??= generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey);

/** The credentials of each auth method, with this private key where a method needs one. */
export const fillCredentials = (
  { credentials }: ConnectorSample,
  privateKey: string,
): Readonly<Record<string, Readonly<Record<string, string>>>> =>
  Object.fromEntries(
    Object.entries(credentials).map(([method, fields]) => [method, fillFields(fields, privateKey)]),
  );

const fillFields = (fields: SampleCredentials, privateKey: string) =>
  typeof fields === 'function' ? fields(privateKey) : fields;
