import { describe, expect, test } from '@jest/globals';
import { readLocalSettings } from '../../../infra/local/local-settings.ts';

describe('settings from the environment', () => {
  test('default to port 8787, a demo database, and loopback allowed', () => {
    expect(readLocalSettings({})).toMatchObject({
      port: 8787,
      demo: true,
      sweep: true,
      policy: { loopback: true },
      apiKey: undefined,
    });
    expect(readLocalSettings({}).folder).toBe(`${process.cwd()}/.mooring`);
    expect(readLocalSettings({}).aws).toBeUndefined();
  });

  test('are read from every variable', () => {
    const environment = {
      PORT: '9000',
      MOORING_API_KEY: 'sk_local_$(not)_run',
      MOORING_STATE: '/tmp/elsewhere',
      MOORING_DEMO: 'off',
      MOORING_SWEEP: 'off',
      MOORING_APIS: 'management,profiles',
      MOORING_EGRESS: '{"allow":["10.0.0.0/8"]}',
      MOORING_ENDPOINTS: '{"snowflake":"https://localhost:28443"}',
      MOORING_SETTINGS: '{"tokens":{"issuer":"https://issuer.example","audience":"mooring"}}',
      AWS_ENDPOINT_URL: 'http://localhost:4566',
    };
    expect(readLocalSettings(environment)).toEqual({
      port: 9000,
      apiKey: 'sk_local_$(not)_run',
      folder: '/tmp/elsewhere',
      demo: false,
      quiet: false,
      sweep: false,
      policy: {
        allow: ['10.0.0.0/8'],
        webhooks: { loopback: true },
        endpoints: { snowflake: 'https://localhost:28443' },
      },
      settings: {
        apis: ['management', 'profiles'],
        egress: { allow: ['10.0.0.0/8'], webhooks: { loopback: true } },
        tests_per_minute: 250,
        reader_tests_per_minute: 50,
        destination_tests_per_minute: 60,
        destination_tests_at_once: 20,
        event_accounts: {},
        tokens: {
          issuer: 'https://issuer.example',
          audience: 'mooring',
          organisation_claim: 'org_id',
          environments_claim: 'environments',
          scope_claim: 'scope',
        },
      },
      aws: environment,
    });
  });

  test.each([
    ['PORT', 'eighty'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['MOORING_API_KEY', 'secret-without-its-sign'],
    ['MOORING_API_KEY', 'sk_two words'],
    ['MOORING_DEMO', 'perhaps'],
    ['MOORING_SWEEP', 'perhaps'],
    ['MOORING_APIS', 'everything'],
    ['MOORING_EGRESS', '{"loopback":"yes"}'],
    ['MOORING_EGRESS', 'no JSON'],
    ['MOORING_ENDPOINTS', '{"snowflake":"elsewhere"}'],
    ['MOORING_SETTINGS', '{"tokens":{"issuer":"x"}}'],
    ['AWS_ENDPOINT_URL', 'localhost'],
  ])('%s: rejects %s with a message that does not repeat it', (name, value) => {
    const reading = () => readLocalSettings({ [name]: value });
    expect(reading).toThrow(new RegExp(`^${name}: expected `));
    expect(reading).not.toThrow(value);
  });
});
