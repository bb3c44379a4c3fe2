import { existsSync } from 'node:fs';
import type { ConnectorType } from '../../shared/connectors/registry.ts';
import { findSample } from '../contracts/samples.ts';
import type { Form } from '../properties/destinations/secrets.ts';
import { http, json, type Service } from './http.ts';
import type { Asks, Protocol, TlsKind } from './recorder.ts';

/** The servers that stand for the sources of a connector, and what they receive. */
export interface StandIn {
  /** Dialled at the address that the connection names. */
  readonly own?: Protocol;
  readonly registry?: Protocol;
  /** Dialled at the address that the deployment sets for these names in `endpoints` of its egress policy. */
  readonly deployment?: { readonly protocol: Protocol; readonly names: readonly string[] };
  /** By login of the connector: how servers ask for its secret. Default: the server above, which asks in clear. */
  readonly logins?: Readonly<Record<string, readonly LoginServer[]>>;
  /** What the servers receive when the connection allows all that its TLS permits. */
  readonly receives: readonly Receipt[];
  /** Secrets that a test obtains from a server, or derives from the credentials, and that logs must hide. */
  readonly obtains?: readonly Obtained[];
}

export interface LoginServer {
  readonly server?: Protocol;
  readonly asks?: Asks;
}

export interface Receipt {
  readonly tls: TlsKind;
  readonly asks: Asks;
  /** By field of the credentials that holds a secret: in which form it arrives. */
  readonly secrets: Readonly<Record<string, Form | 'nothing'>>;
  /** The other fields of the credentials. */
  readonly fields?: Readonly<Record<string, string>>;
}

export interface Obtained {
  readonly method: string;
  /** Fields besides those of the auth method. A locked key has the passphrase `obviously-fake`. */
  readonly fields?: (lockedKey: string) => Readonly<Record<string, string>>;
  /** A server that issues the secret and refuses the login. */
  readonly server: Protocol;
  readonly secret: RegExp;
}

/** A service that refuses every request. */
const refusing: Service = { answer: () => json(401, {}) };

/** Loads `stand-ins/<type>.ts`. Without such a file, the connector speaks HTTP and sends its first secret in clear. */
export const loadStandIn = async (type: ConnectorType): Promise<StandIn> => {
  const file = new URL(`stand-ins/${type}.ts`, import.meta.url);
  if (!existsSync(file)) return createHttpStandIn(type);
  const { standIn }: { readonly standIn: StandIn } = await import(file.href);
  return standIn;
};

const createHttpStandIn = (type: ConnectorType): StandIn => {
  const { directTo, logins } = findSample(type);
  const protocol = http(refusing);
  const [field = ''] = Object.values(logins)
    .flat()
    .flatMap(({ secret }) => secret ?? []);
  return {
    ...(directTo === 'endpoint' ? { deployment: { protocol, names: [type] } } : { own: protocol }),
    receives: [{ tls: 'trusted', asks: 'clear', secrets: { [field]: 'clear' } }],
  };
};
