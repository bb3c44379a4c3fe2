import { expect, test } from '@jest/globals';
import { splitEnvironment } from '../../../infra/local/local-probe.ts';

test('a probe process starts with no secret in its environment, and never gets our own API key', () => {
  const environment = {
    PATH: '/bin',
    NODE_EXTRA_CA_CERTS: '/etc/ca.pem',
    AWS_SECRET_ACCESS_KEY: 'made-up',
    HTTPS_PROXY: 'http://user:made-up@proxy.example',
    MOORING_API_KEY: 'sk_made_up',
    NODE_CHANNEL_FD: '3',
    UNSET: undefined,
  };
  expect(splitEnvironment(environment)).toEqual({
    atStart: { PATH: '/bin', NODE_EXTRA_CA_CERTS: '/etc/ca.pem' },
    afterStart: { AWS_SECRET_ACCESS_KEY: 'made-up', HTTPS_PROXY: 'http://user:made-up@proxy.example' },
  });
});
