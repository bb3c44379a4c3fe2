import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { runSourceTest, openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { s3 } from '../../shared/connectors/s3/connector.ts';
import type { SessionTarget } from '../../shared/connectors/connector.ts';
import type { SourceSessionOptions } from '../../shared/connectors/run-source-test.ts';
import { listen } from '../network/servers.ts';
import { writeByteByByte, writeUntilClosed } from '../network/endless-writes.ts';

const targetOf = (endpoint: string, seconds = 5, session_token?: string): SessionTarget => ({
  config: { endpoint, bucket: 'shop-data', region: 'eu-west-1', access_key_id: 'AKIAOBVIOUSLYFAKE' },
  credentials: {
    auth_method: 'access_key',
    secret_access_key: 'obviously-fake-key',
    ...(session_token && { session_token }),
  },
  options: { ssl_mode: 'disable', query_timeout_seconds: seconds },
  role: 'source',
});
const options: SourceSessionOptions = {
  policy: { loopback: true },
  environment: 'default',
  tlsSettings: { mode: 'disable' },
  options: { connection_timeout_seconds: 5 },
};

/** The result of a test against a server that answers in this way, and the number of its requests. */
const tried = async (answer: RequestListener) => {
  let asked = 0;
  await using server = await listen(
    createServer((request, response) => {
      asked += 1;
      response.on('error', () => {});
      answer(request, response);
    }),
  );
  const { details, steps } = await runSourceTest(s3, targetOf(`http://127.0.0.1:${server.port}`), options);
  return { details, failed: steps.find(({ status }) => status === 'failed'), asked };
};

/** Answers the login, and then every further request with `answer`. */
const read = async (answer: RequestListener, seconds = 5) => {
  let asked = 0;
  await using server = await listen(
    createServer((request, response) => {
      asked += 1;
      response.on('error', () => {});
      if (asked === 1) list(response, []);
      else answer(request, response);
    }),
  );
  await using session = await openManagedSession(
    s3,
    targetOf(`http://127.0.0.1:${server.port}`, seconds),
    options,
  );
  const names: string[] = [];
  const columns: number[] = [];
  const missing = await session.introspect({ excludedSchemas: [] }, (tables) => {
    names.push(...tables.map(({ name }) => name));
    columns.push(...tables.map((table) => table.columns.length));
  });
  return { names, columns, missing, asked: () => asked };
};

const list = (response: ServerResponse, keys: readonly (readonly [string, number])[], more = '') => {
  const contents = keys.map(([key, size]) => `<Contents><Key>${key}</Key><Size>${size}</Size></Contents>`);
  response.end(
    `<ListBucketResult><Name>shop-data</Name><KeyCount>${keys.length}</KeyCount>${contents.join('')}${more}</ListBucketResult>`,
  );
};

describe('S3 server', () => {
  test.each([301, 302, 307, 308])('that redirects with %d is not followed', async (status) => {
    const { failed, asked } = await tried((_, response) =>
      response.writeHead(status, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
    );
    expect(failed).toMatchObject({
      step: 'authenticate',
      code: 'protocol-mismatch',
      native_code: `${status}`,
    });
    expect(asked).toBe(1);
  });

  test('that closes the connection within an answer causes connection-reset', async () => {
    const { failed } = await tried((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('<ListBucketResult>', () => response.destroy());
    });
    expect(failed).toMatchObject({ step: 'authenticate', code: 'connection-reset' });
  });

  test('with only archived objects counts as readable, because the contrary cannot be known', async () => {
    await using server = await listen(
      createServer((request, response) => {
        if (request.url?.includes('list-type')) return list(response, [['old.csv', 10]]);
        const code = request.method === 'GET' ? 'InvalidObjectState' : 'AccessDenied';
        return void response.writeHead(403).end(`<Error><Code>${code}</Code></Error>`);
      }),
    );
    await using session = await openManagedSession(s3, targetOf(`http://127.0.0.1:${server.port}`), options);
    expect(await session.privileges()).toEqual({ missing: [], excess: [] });
  });

  test('that names another endpoint for the bucket is not followed, and the endpoint is not shown', async () => {
    const { details, failed, asked } = await tried((_, response) =>
      response
        .writeHead(301, { 'x-amz-bucket-region': 'evil-1', location: 'http://169.254.169.254/' })
        .end(
          '<Error><Code>PermanentRedirect</Code><Endpoint>169.254.169.254</Endpoint><Region>eu-central-1</Region></Error>',
        ),
    );
    expect(failed).toMatchObject({
      code: 'database-not-found',
      native_code: 'PermanentRedirect',
      remediation: expect.stringContaining('region'),
    });
    expect(JSON.stringify([details, failed])).not.toContain('169.254');
    expect(asked).toBe(1);
  });

  test.each([
    ['HTML', 200, '<html><body>welcome<br></body></html>'],
    ['JSON', 200, '{"ok":true}'],
    ['an empty body', 200, ''],
    ['another XML document', 200, '<?xml version="1.0"?><Feed><a>1</a></Feed>'],
    ['an HTML page with status 404', 404, '<html><p>not here</html>'],
    ['a refusal that is not XML', 403, 'go away'],
  ])('that answers with %s causes protocol-mismatch', async (_, status, body) => {
    const { details } = await tried((__, response) => response.writeHead(status).end(body));
    expect(details).toMatchObject({ code: 'protocol-mismatch' });
  });

  test.each([
    ['ExpiredToken', 400, 'credentials-expired'],
    ['TokenRefreshRequired', 400, 'credentials-expired'],
    ['AllAccessDisabled', 403, 'account-locked'],
    ['RequestTimeTooSkewed', 403, 'server-error'],
    ['SlowDown', 503, 'server-error'],
    ['NotOfAnyTable', 403, 'permission-denied'],
    ['NotOfAnyTable', 418, 'server-error'],
  ])('that refuses with %s and %d causes %s', async (Code, status, code) => {
    const { failed, asked } = await tried((_, response) =>
      response.writeHead(status).end(`<Error><Code>${Code}</Code><Message>nothing to see</Message></Error>`),
    );
    expect(failed).toMatchObject({ step: 'authenticate', code, native_code: Code });
    // A failure that may be temporary is tried three times.
    expect(asked).toBe(status === 503 ? 3 : 1);
  });

  test('that sends a list without end is stopped with protocol-mismatch', async () => {
    const { details } = await tried((_, response) => {
      response.write('<ListBucketResult><Name>');
      writeUntilClosed(response, Buffer.alloc(2 ** 16, 'x'));
    });
    expect(details).toMatchObject({ code: 'protocol-mismatch' });
  });

  test('that sends single bytes at intervals causes timeout', async () => {
    const { failed } = await tried((_, response) => {
      writeByteByByte(response, Buffer.alloc(10_000, 'x'), 20);
    });
    expect(failed).toMatchObject({ step: 'authenticate', code: 'timeout' });
  });

  test('that sends empty pages without end is stopped, and the catalog is reported as incomplete', async () => {
    const { missing, names } = await read((_, response) =>
      list(response, [], '<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>'),
    );
    expect(names).toEqual([]);
    expect(missing).toMatchObject([{ reason: 'objects-limited' }]);
  });

  test('that lists ever deeper folders is stopped', async () => {
    const { missing } = await read(({ url = '' }, response) => {
      const query = new URL(url, 'http://s3').searchParams;
      const prefix = query.get('prefix') ?? '';
      const folders = Array.from(
        { length: 100 },
        (_, at) => `<CommonPrefixes><Prefix>${prefix}${at}/</Prefix></CommonPrefixes>`,
      );
      const common = query.has('delimiter') ? `${folders.join('')}` : '';
      const more = '<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>';
      list(response, [], query.has('delimiter') ? common : more);
    });
    expect(missing).toMatchObject([{ reason: 'objects-limited' }]);
  });

  test('that ignores ranges causes protocol-mismatch, and its object is not read to the end', async () => {
    const work = read(({ url = '' }, response) => {
      if (url.includes('list-type')) list(response, [['a.parquet', 5_000_000_000]]);
      else writeUntilClosed(response, Buffer.alloc(2 ** 16));
    });
    await expect(work).rejects.toMatchObject({ code: 'protocol-mismatch' });
  });

  test('that sends more text than requested is cut off', async () => {
    const { columns } = await read(({ url = '' }, response) => {
      if (url.includes('list-type')) list(response, [['a.csv', 5_000_000_000]]);
      else writeUntilClosed(response, 'a,b,c\n1,2,3\n');
    });
    expect(columns).toEqual([3]);
  });

  const refuse = (status: number, code: string) => (response: ServerResponse) =>
    void response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`);

  test.each([
    [
      'stops in the middle of',
      (response: ServerResponse) => void response.write('a,b\n'),
      'objects-failed',
      1,
    ],
    ['answers 500 to reads of', refuse(500, 'InternalError'), 'objects-failed', 3],
    ['answers SlowDown to reads of', refuse(503, 'SlowDown'), 'objects-failed', 3],
    ['has disabled the encryption key of', refuse(400, 'KMS.DisabledException'), 'encryption-keys-denied', 1],
    ['denies access to', refuse(403, 'AccessDenied'), 'objects-denied', 1],
    ['has archived', refuse(403, 'InvalidObjectState'), 'objects-archived', 1],
  ])('that %s one of three objects leaves the other two in the catalog', async (_, answer, reason, times) => {
    let asked = 0;
    const { names, columns, missing } = await read(({ url = '' }, response) => {
      if (url.includes('list-type'))
        return list(response, [
          ['a.csv', 8],
          ['b.csv', 5_000_000],
          ['c.csv', 8],
        ]);
      if (!url.includes('b.csv')) return void response.end('x,y\n1,2\n');
      asked += 1;
      answer(response);
    }, 2);
    expect(names.length === 3 ? columns : [columns[0], 0, columns[1]]).toEqual([2, 0, 2]);
    expect(missing).toEqual([{ reason, count: 1, remediation: expect.any(String) }]);
    expect(asked).toBe(times);
  });

  test('that has archived objects, some of them restored, receives a limited number of requests for them', async () => {
    const all = Array.from({ length: 40 }, (_, at) => `${String(at).padStart(2, '0')}.csv`);
    const objects = (restored: readonly string[]): RequestListener => {
      return ({ url = '' }, response) => {
        if (url.includes('list-type')) {
          const contents = all.map(
            (key) =>
              `<Contents><Key>${key}</Key><Size>8</Size><StorageClass>GLACIER</StorageClass></Contents>`,
          );
          response.end(
            `<ListBucketResult><Name>old</Name><KeyCount>40</KeyCount>${contents.join('')}</ListBucketResult>`,
          );
        } else if (restored.some((key) => url.includes(key))) response.end('x,y\n1,2\n');
        else refuse(403, 'InvalidObjectState')(response);
      };
    };
    const none = await read(objects([]));
    expect(none.missing).toMatchObject([{ reason: 'objects-archived', count: 40 }]);
    // The number of concurrent requests, and not the number of all objects.
    expect(none.asked()).toBeLessThan(35);
    const some = await read(objects(all));
    expect([some.columns, some.missing]).toEqual([all.map(() => 2), []]);
  });

  test('with files of several formats in one table leaves the row count unknown', async () => {
    const rows = async (second: string) => {
      await using server = await listen(
        createServer(({ url = '' }, response) => {
          if (url.includes('list-type'))
            list(response, [
              ['t/d=1/a.csv', 8],
              [second, 800],
            ]);
          else response.end('x,y\n1,2\n');
        }),
      );
      await using session = await openManagedSession(
        s3,
        targetOf(`http://127.0.0.1:${server.port}`),
        options,
      );
      const found: (number | null)[] = [];
      await session.introspect({ excludedSchemas: [] }, (tables) => {
        found.push(...tables.map((table) => table.rows));
      });
      return found;
    };
    expect(await rows('t/d=2/b.json')).toEqual([null]);
    expect(await rows('t/d=2/b.csv')).toEqual([expect.any(Number)]);
  });

  test('whose newest file of a table is unreadable provides the columns of the previous file', async () => {
    const { names, columns, missing } = await read(({ url = '' }, response) => {
      if (url.includes('list-type'))
        list(response, [
          ['t/d=1/a.csv', 8],
          ['t/d=2/b.csv', 8],
        ]);
      else response.end(url.includes('a.csv') ? 'x,y\n1,2\n' : 'PK\u0003\u0004 none');
    });
    expect({ names, columns }).toEqual({ names: ['t'], columns: [3] });
    expect(missing).toMatchObject([{ reason: 'objects-unreadable', count: 1 }]);
  });

  test.each([
    [500, 'InternalError'],
    [503, 'SlowDown'],
    [429, 'TooManyRequests'],
  ])('that answers %d once is asked again, for a list and for an object', async (status, code) => {
    const busy = new Set<string>();
    const { names, columns, missing } = await read(({ url = '' }, response) => {
      const { pathname } = new URL(url, 'http://s3');
      if (!busy.has(pathname)) {
        busy.add(pathname);
        refuse(status, code)(response);
      } else if (url.includes('list-type')) list(response, [['a.csv', 8]]);
      else response.end('x,y\n1,2\n');
    });
    expect({ names, columns, missing }).toEqual({ names: ['a.csv'], columns: [2], missing: [] });
    expect(busy.size).toBe(2);
  });

  test('that fails for every object fails the introspection long before every object is requested', async () => {
    let asked = 0;
    const keys = Array.from({ length: 1000 }, (_, at) => [`${at}/a.csv`, 8] as const);
    const work = read(({ url = '' }, response) => {
      if (url.includes('list-type')) return list(response, keys);
      asked += 1;
      refuse(500, 'InternalError')(response);
    });
    await expect(work).rejects.toMatchObject({
      code: 'server-error',
      extras: { native_code: 'InternalError' },
    });
    expect(asked).toBeLessThan(300);
  });

  test('that closes an idle connection when it is reused receives the request again', async () => {
    const used = new WeakSet<object>();
    let closed = 0;
    const { names } = await read(({ socket }, response) => {
      if (closed === 0) {
        closed += 1;
        socket.destroy();
      } else if (used.has(socket)) socket.destroy();
      else list(response, [['a.bin', 1]]);
      used.add(socket);
    });
    expect([names, closed]).toEqual([['a.bin'], 1]);
  });
});

test.each(['http://169.254.169.254', 'http://[fd00:ec2::254]', 'https://2852039166'])(
  'the S3 endpoint %s is forbidden and not dialed',
  async (endpoint) => {
    const { steps } = await runSourceTest(s3, targetOf(endpoint), options);
    expect(steps.find(({ status }) => status === 'failed')).toMatchObject({
      step: 'egress',
      code: 'host-forbidden',
    });
  },
);

test('an S3 request contains a signature, but neither the secret nor the trace ID of the probe', async () => {
  let said = '';
  const trace = { AWS_LAMBDA_FUNCTION_NAME: 'probe', _X_AMZN_TRACE_ID: 'Root=never-told' };
  Object.assign(process.env, trace);
  try {
    await tried((request, response) => {
      said = JSON.stringify([request.url, request.rawHeaders]);
      response.end();
    });
  } finally {
    for (const name of Object.keys(trace)) delete process.env[name];
  }
  expect(said).toContain('AKIAOBVIOUSLYFAKE');
  expect(said).not.toContain('obviously-fake-key');
  expect(said).not.toContain('never-told');
});
