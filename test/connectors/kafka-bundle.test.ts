import { expect, test } from '@jest/globals';
import { reach } from '../engines/reach.ts';
import { runBundledConnector } from './bundled-probe.ts';

const env = reach('kafka');
if (env)
  test('the bundled probe reads a Kafka catalog', async () => {
    const target = {
      config: { bootstrap_servers: env?.['KAFKA_SASL_PLAINTEXT'] },
      credentials: {
        auth_method: 'sasl',
        sasl_username: env?.['KAFKA_USER'],
        sasl_password: env?.['KAFKA_PASSWORD'],
      },
      options: { ssl_mode: 'disable' },
    };
    const { printed, stderr } = await runBundledConnector('kafka', {
      target,
      script: `
        const { version, tables } = await read();
        console.log(JSON.stringify({ version, topics: tables.map(({ name }) => name) }));
      `,
    });
    expect(printed).toEqual({ version: 'Kafka 4.1 or later', topics: ['orders', 'orders.items'] });
    // Node warns if the driver sets its timer for a throttling that did not happen.
    expect(stderr).toBe('');
  });
