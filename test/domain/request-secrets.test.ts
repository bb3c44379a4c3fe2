import { expect, test } from '@jest/globals';
import { connectors } from '../../shared/connectors/registry.ts';
import { parseConnectionInput } from '../../shared/domain/connections/parse-connection-input.ts';
import { findRequestSecrets, listDraftSecrets } from '../../shared/domain/input/request-secrets.ts';
import { ConnectionInput } from '../../shared/domain/connections/connection.ts';
import * as v from 'valibot';

const kafka = {
  name: 'events',
  type: 'kafka',
  config: { bootstrap_servers: 'kafka.example.com:9092', security_protocol: 'SASL_SSL' },
  credentials: { sasl_mechanism: 'PLAIN', sasl_username: 'user', sasl_password: 'a-secret-of-somebody' },
};

test('the password of a draft is a secret, but not its user name and mechanism', async () => {
  const draft = await parseConnectionInput(v.parse(ConnectionInput, kafka));
  expect(listDraftSecrets(draft)).toEqual(['a-secret-of-somebody']);
});

test('before a body is parsed, every secret field of any connector is a secret', () => {
  const { name, type, config, credentials } = kafka;
  expect(findRequestSecrets({ name, type, config: { ...config, ...credentials } })).toEqual([
    'a-secret-of-somebody',
  ]);
  // An unknown field may be a misspelled secret.
  expect(findRequestSecrets({ credentials: { pasword: 'a-secret-of-somebody' } })).toEqual([
    'a-secret-of-somebody',
  ]);
});

test('the private key of a client certificate and the ARN of a shared secret are secrets for every connector', () => {
  for (const type of Object.keys(connectors) as (keyof typeof connectors)[]) {
    const credentials = { auth_method: 'password', ssl_key: 'made-up-key', secret_arn: 'made-up-arn' };
    expect(listDraftSecrets({ type, credentials })).toEqual(['made-up-key', 'made-up-arn']);
  }
});
