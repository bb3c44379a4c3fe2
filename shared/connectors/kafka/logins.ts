import type { LoginMethod, LoginMethods } from '../../network/login-methods.ts';

export const kafkaLogins = {
  /** No SASL; a client certificate is sent in the TLS handshake. */
  none: {
    name: 'no SASL',
    kind: 'none',
    manual: 'https://kafka.apache.org/documentation/#security_overview',
  },
  plain: {
    name: 'SASL/PLAIN',
    kind: 'clear',
    manual: 'https://www.rfc-editor.org/rfc/rfc4616#section-4',
    instead: 'set sasl_mechanism to SCRAM-SHA-256 or SCRAM-SHA-512',
  },
  scram: {
    name: 'SASL/SCRAM',
    kind: 'challenge',
    manual: 'https://www.rfc-editor.org/rfc/rfc5802#section-9',
  },
  registry: {
    name: 'the Basic authentication of the schema registry',
    kind: 'clear',
    manual: 'https://www.rfc-editor.org/rfc/rfc7617#section-4',
    instead: 'set schema_registry_url to an https URL',
  },
} as const satisfies LoginMethods;

export const scramMechanisms: ReadonlyMap<string, LoginMethod> = new Map<string, LoginMethod>([
  ['SCRAM-SHA-256', kafkaLogins.scram],
  ['SCRAM-SHA-512', kafkaLogins.scram],
]);
