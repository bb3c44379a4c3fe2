import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { connectors, type ConnectorType } from '../../shared/connectors/registry.ts';
import { pem } from '../network/servers.ts';
import { startRecorder } from '../recording/recorder.ts';
import type { StandIn } from '../recording/stand-in.ts';
import { directTo, fillCredentials, findSample, readablePrivateKey } from './samples.ts';

/** The contract of a connector that obtains secrets during a test: logs never contain them. */
export const hiddenSecretsContract = (type: ConnectorType, { obtains = [] }: StandIn) => {
  if (obtains.length === 0) return;
  test.each(obtains)(
    'hides the secret that $method obtains during a test: $secret',
    async ({ method, fields, server, secret }) => {
      await using recorder = await startRecorder(server);
      recorder.behave({ tls: 'trusted', asks: 'clear' });
      const hidden: string[] = [];
      const { details } = await runSourceTest(
        connectors[type],
        {
          ...directTo(type, recorder.port),
          credentials: {
            auth_method: method,
            ...fillCredentials(findSample(type), readablePrivateKey())[method],
            ...fields?.(lockedPrivateKey()),
          },
          options: { ssl_mode: 'verify-full', query_timeout_seconds: 5 },
          role: 'source',
          endpoint: `https://localhost:${recorder.port}`,
          hide: (secrets) => hidden.push(...secrets),
        },
        {
          policy: { loopback: true },
          environment: 'default',
          tlsSettings: { mode: 'verify-full', ca: pem('ca.crt') },
          options: { connection_timeout_seconds: 5 },
        },
      );
      await recorder.idle();
      // Every server refuses the login, so this result shows that the test reached it.
      expect(details).toMatchObject({
        code: expect.stringMatching(/^(authentication-failed|protocol-mismatch)$/),
      });
      expect(hidden.filter((text) => secret.test(text))).not.toEqual([]);
      expect(hidden.every((text) => text.length >= 6)).toBe(true);
    },
  );
};

/** A private key with a passphrase. */
const lockedPrivateKey = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'obviously-fake' },
  }).privateKey;
