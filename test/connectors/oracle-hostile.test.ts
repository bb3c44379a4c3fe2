import dns from 'node:dns';
import { describe, expect, jest, test } from '@jest/globals';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { oracle } from '../../shared/connectors/oracle/connector.ts';
import { closedPort, plainServer } from '../network/servers.ts';
import { buildOracleSessionOptions, encodeOracleRedirect, buildOracleTarget } from './oracle-fixtures.ts';

describe('Oracle test against a hostile or foreign server', () => {
  const against = async (answer: Buffer | 'reset', seconds = 2) => {
    await using server = await plainServer((socket) => {
      socket.once('data', () => (answer === 'reset' ? socket.resetAndDestroy() : socket.write(answer)));
    });
    return (
      await runSourceTest(
        oracle,
        buildOracleTarget(server.port),
        buildOracleSessionOptions('disable', 'ca.crt', seconds),
      )
    ).details;
  };

  test('reports connection-refused for a closed port', async () => {
    const { details } = await runSourceTest(
      oracle,
      buildOracleTarget(await closedPort()),
      buildOracleSessionOptions('disable'),
    );
    expect(details).toMatchObject({ code: 'connection-refused' });
  });
  test.each([
    [
      'the instance metadata service',
      '(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=169.254.169.254)(PORT=80)))',
    ],
    [
      'the instance metadata service, without a description',
      '(ADDRESS=(PROTOCOL=tcp)(HOST=169.254.169.254)(PORT=80))',
    ],
    [
      'the instance metadata service over another protocol',
      '(ADDRESS=(PROTOCOL=tcps)(HOST=169.254.169.254)(PORT=80))',
    ],
    [
      'the instance metadata service as an IPv4-mapped IPv6 address',
      '(ADDRESS=(PROTOCOL=tcp)(HOST=::ffff:169.254.169.254)(PORT=80))',
    ],
    [
      'the instance metadata service through a proxy',
      '(ADDRESS=(PROTOCOL=tcps)(HOST=169.254.169.254)(PORT=80)(HTTPS_PROXY=127.0.0.1)(HTTPS_PROXY_PORT=PORT))',
    ],
  ])('does not follow a redirect to %s', async (_, address) => {
    await using server = await plainServer((socket) => {
      socket.once('data', () =>
        socket.write(encodeOracleRedirect(address.replace('PORT=PORT', `PORT=${server.port}`))),
      );
    });
    const { details, steps } = await runSourceTest(
      oracle,
      buildOracleTarget(server.port),
      buildOracleSessionOptions('disable'),
    );
    expect(details).toMatchObject({ code: 'host-forbidden' });
    expect(steps.find(({ status }) => status === 'failed')).toMatchObject({ step: 'egress' });
    expect(server.accepted.length).toBe(1);
  });
  test.each([
    ['an address', '(ADDRESS=(PROTOCOL=tcp)(HOST=leak.example.test)(PORT={port}))'],
    [
      'a description',
      '(DESCRIPTION=(ADDRESS_LIST=(ADDRESS=(PROTOCOL=tcps)(HOST=leak.example.test)(PORT={port}))))',
    ],
    ['the short form', 'leak.example.test:{port}/shop'],
  ])('only the dialer resolves the host name of a redirect in %s', async (_, address) => {
    // The function with which the driver itself would resolve names.
    using driver = jest.spyOn(dns.promises, 'lookup');
    const asked: string[] = [];
    await using server = await plainServer((socket) => {
      socket.once('data', () =>
        socket.write(encodeOracleRedirect(address.replace('{port}', `${server.port}`))),
      );
    });
    const { details } = await runSourceTest(oracle, buildOracleTarget(server.port, { host: '127.0.0.1' }), {
      ...buildOracleSessionOptions('disable'),
      resolve: async (name) => {
        asked.push(name);
        return ['169.254.169.254'];
      },
    });
    expect(details).toMatchObject({ code: 'host-forbidden' });
    expect(asked).toEqual(['leak.example.test']);
    expect(driver).not.toHaveBeenCalled();
    expect(server.accepted.length).toBe(1);
  });
  test('rejects a redirect without a host, and does not fall back to the local host', async () => {
    using driver = jest.spyOn(dns.promises, 'lookup');
    await using server = await plainServer((socket) => {
      socket.once('data', () =>
        socket.write(encodeOracleRedirect(`(ADDRESS=(PROTOCOL=tcp)(PORT=${server.port}))`)),
      );
    });
    const { details } = await runSourceTest(
      oracle,
      buildOracleTarget(server.port),
      buildOracleSessionOptions('disable'),
    );
    expect(details).toMatchObject({ code: 'protocol-mismatch' });
    expect(driver).not.toHaveBeenCalled();
    expect(server.accepted.length).toBe(1);
  });
  test('gives up on a listener that redirects to itself without end', async () => {
    await using server = await plainServer((socket) => {
      const self = `(ADDRESS=(PROTOCOL=tcp)(HOST=127.0.0.1)(PORT=${server.port}))`;
      socket.once('data', () => socket.write(encodeOracleRedirect(self)));
    });
    const { details } = await runSourceTest(
      oracle,
      buildOracleTarget(server.port),
      buildOracleSessionOptions('disable'),
    );
    expect(details).toMatchObject({ code: 'protocol-mismatch' });
    expect(server.accepted.length).toBe(3);
  });
  test('gives up on a listener that asks for a new attempt without end', async () => {
    const resend = Buffer.from([0, 8, 0, 0, 11, 8, 0, 0]); // RESEND, with a new TLS handshake
    await using server = await plainServer((socket) => {
      socket.on('data', () => socket.write(resend));
    });
    const { details } = await runSourceTest(
      oracle,
      buildOracleTarget(server.port),
      buildOracleSessionOptions('disable'),
    );
    expect(details).toMatchObject({ code: 'protocol-mismatch' });
  });
  test.each([
    ['an alias', 'ORCL', 'server-error'],
    ['an empty address', '', 'timeout'],
    ['half an address', '(DESCRIPTION=(ADDRESS=', 'server-error'],
    ['a local socket', '(ADDRESS=(PROTOCOL=ipc)(KEY=/tmp/x))', 'protocol-mismatch'],
  ])('fails at the login when a listener redirects to %s', async (_, address, code) => {
    await using server = await plainServer((socket) => {
      socket.once('data', () => socket.write(encodeOracleRedirect(address)));
    });
    const { steps } = await runSourceTest(
      oracle,
      buildOracleTarget(server.port),
      buildOracleSessionOptions('disable', 'ca.crt', 2),
    );
    expect(steps.find(({ status }) => status === 'failed')).toMatchObject({ step: 'authenticate', code });
    expect(server.accepted.length).toBe(1);
  });
  test('gives up on a listener that sends data without end, before memory fills up', async () => {
    let sent = 0;
    // Complete data packets that answer no request.
    const chunk = Buffer.alloc(32_000);
    chunk.writeUInt16BE(chunk.length, 0);
    chunk.writeUInt8(6, 4);
    await using server = await plainServer((socket) => {
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
      };
      socket.on('drain', pour);
      socket.once('data', pour);
    });
    const { steps } = await runSourceTest(
      oracle,
      buildOracleTarget(server.port),
      buildOracleSessionOptions('disable', 'ca.crt', 3),
    );
    expect(steps.find(({ status }) => status === 'failed')).toMatchObject({ step: 'authenticate' });
    expect(sent).toBeLessThan(2 ** 26);
  });
  test('reports connection-reset when the server resets the connection', async () => {
    expect(await against('reset')).toMatchObject({ code: 'connection-reset' });
  });
  test('reports protocol-mismatch for an HTTP server', async () => {
    expect(await against(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))).toMatchObject({
      code: 'protocol-mismatch',
    });
  });
  test.each([
    ['a packet shorter than its header', Buffer.from([0, 1, 0, 0, 2, 0, 0, 0]), 'connection-reset'],
    ['a truncated ACCEPT packet', Buffer.from([0, 9, 0, 0, 2, 0, 0, 0, 1]), 'server-error'],
    [
      'an ACCEPT packet of random bytes',
      Buffer.from([0, 40, 0, 0, 2, 0, 0, 0, ...Array<number>(32).fill(0xff)]),
      'server-error',
    ],
  ])('fails on %s', async (_, answer, code) => {
    expect(await against(answer)).toMatchObject({ code });
  });
});
