import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import { type Api, startApi } from '../api.ts';
import { kafka } from '../recording/kafka.ts';
import { oracle } from '../recording/oracle.ts';
import { type ReceivedData, type Protocol, type Recorder, startRecorder } from '../recording/recorder.ts';
import { tds } from '../recording/tds.ts';

const arn = 'arn:aws:secretsmanager:local:000000000000:secret:theirs';
const secret = 'obviously-fake-and-shared';

let api: Api;
let recorders: Recorder[];
beforeEach(async () => {
  api = await startApi();
  recorders = [];
  await mkdir(`${api.folder}/shared`, { recursive: true });
});
afterEach(async () => {
  for (const recorder of recorders) await recorder[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

const start = async (protocol: Protocol) => {
  const recorder = await startRecorder(protocol);
  await recorder.reset(() => [secret]);
  recorders.push(recorder);
  return recorder;
};

const share = (hosts: readonly string[], login: object) =>
  writeFile(
    `${api.folder}/shared/theirs.json`,
    JSON.stringify({
      tags: {
        'mooring:tenant': 'org_test/default',
        'mooring:host': hosts.join(' '),
        'mooring:tls': 'disable',
      },
      value: { password: secret, ...login },
    }),
  );

const received = (heard: readonly ReceivedData[]) =>
  heard.some(
    ({ texts, proofs }) =>
      texts.some((text) => text.includes(secret)) || proofs.some((proof) => proof(secret)),
  );

const sasl = (sasl_mechanism: string) => ({ sasl_username: 'reader', sasl_password: secret, sasl_mechanism });
const database = (port: number) => ({ host: 'localhost', port, database: 'shop', username: 'reader' });
const brokers = (port: number) => ({ bootstrap_servers: `localhost:${port}` });

/** Sources that redirect their clients to another server of the same kind. */
const sources: readonly (readonly [string, Protocol, (port: number) => object, object])[] = [
  ['kafka', kafka, brokers, sasl('PLAIN')],
  ['kafka', kafka, brokers, sasl('SCRAM-SHA-256')],
  ['kafka', kafka, brokers, sasl('SCRAM-SHA-512')],
  ['sqlserver', tds, database, {}],
  ['oracle', oracle, (port) => ({ host: 'localhost', port, service_name: 'shop', username: 'reader' }), {}],
];

describe.each(sources)('a server that a %s source announces', (type, protocol, configOf, login) => {
  test(`receives a platform secret only if the tags name the server: ${JSON.stringify(login)}`, async () => {
    const [first, second] = [await start(protocol), await start(protocol)];
    first.behave({ tls: 'off', asks: 'clear', announces: second.port });
    const named = `localhost:${first.port}`;
    await share([named], login);
    const draft = {
      name: 'Shared',
      type,
      mode: 'platform',
      config: configOf(first.port),
      credentials: { secret_arn: arn },
      options: { ssl_mode: 'disable' },
    };
    const { body } = await api.call('POST /v1/connections?test=false', { body: draft });
    const at = `/v1/connections/${body.id}`;
    const tried = async () => {
      const requests = [
        await api.call(`POST ${at}/test`),
        await api.call('POST /v1/connections/test', { body: { ...draft, name: 'Other' } }),
        await api.call(`GET ${at}/schema?max_age=0`),
      ];
      await Promise.all(recorders.map((recorder) => recorder.idle()));
      return requests.map(({ body: told }) => Object(told['details'])['code'] ?? told.code);
    };

    // An IP address, another port and an entry for subdomains do not name the server.
    for (const foreign of [
      '',
      `127.0.0.1:${second.port}`,
      `localhost:${first.port + 1}`,
      `.localhost:${second.port}`,
    ]) {
      await share([named, foreign], login);
      const codes = await tried();
      expect([foreign, codes.slice(0, 2)]).toEqual([foreign, ['secret-not-shared', 'secret-not-shared']]);
      expect([foreign, second.heard]).toEqual([foreign, []]);
    }
    expect(first.announcements.length).toBeGreaterThan(0);

    await share([named, `localhost:${second.port}`], login);
    await tried();
    expect(received(second.heard)).toBe(true);
  });
});
