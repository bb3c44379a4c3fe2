import dns from 'node:dns';
import { describe, expect, jest, test } from '@jest/globals';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { oracle } from '../../shared/connectors/oracle/connector.ts';
import { closedPort, plainServer } from '../network/servers.ts';
import { optionsOf, redirect, targetOf } from './oracle-furniture.ts';

describe('where there is something else', () => {
  const against = async (answer: Buffer | 'reset', seconds = 2) => {
    await using server = await plainServer((socket) => {
      socket.once('data', () => (answer === 'reset' ? socket.resetAndDestroy() : socket.write(answer)));
    });
    return (await runSourceTest(oracle, targetOf(server.port), optionsOf('disable', 'ca.crt', seconds)))
      .details;
  };

  test('a port that nobody listens on refuses', async () => {
    const { details } = await runSourceTest(oracle, targetOf(await closedPort()), optionsOf('disable'));
    expect(details).toMatchObject({ code: 'connection-refused' });
  });
  test.each([
    ['the metadata of the machine', '(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=169.254.169.254)(PORT=80)))'],
    ['the same without a description', '(ADDRESS=(PROTOCOL=tcp)(HOST=169.254.169.254)(PORT=80))'],
    ['the same by another protocol', '(ADDRESS=(PROTOCOL=tcps)(HOST=169.254.169.254)(PORT=80))'],
    ['the same in another spelling', '(ADDRESS=(PROTOCOL=tcp)(HOST=::ffff:169.254.169.254)(PORT=80))'],
    [
      'the same through a proxy',
      '(ADDRESS=(PROTOCOL=tcps)(HOST=169.254.169.254)(PORT=80)(HTTPS_PROXY=127.0.0.1)(HTTPS_PROXY_PORT=PORT))',
    ],
  ])('a listener that sends on to %s is not followed', async (_, address) => {
    await using server = await plainServer((socket) => {
      socket.once('data', () => socket.write(redirect(address.replace('PORT=PORT', `PORT=${server.port}`))));
    });
    const { details, steps } = await runSourceTest(oracle, targetOf(server.port), optionsOf('disable'));
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
  ])('a name that a listener sends on to in %s is looked up by the dialer alone', async (_, address) => {
    // What the driver itself would look names up by.
    using driver = jest.spyOn(dns.promises, 'lookup');
    const asked: string[] = [];
    await using server = await plainServer((socket) => {
      socket.once('data', () => socket.write(redirect(address.replace('{port}', `${server.port}`))));
    });
    const { details } = await runSourceTest(oracle, targetOf(server.port, { host: '127.0.0.1' }), {
      ...optionsOf('disable'),
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
  test('a listener that sends on to no host is not answered with ours', async () => {
    using driver = jest.spyOn(dns.promises, 'lookup');
    await using server = await plainServer((socket) => {
      socket.once('data', () => socket.write(redirect(`(ADDRESS=(PROTOCOL=tcp)(PORT=${server.port}))`)));
    });
    const { details } = await runSourceTest(oracle, targetOf(server.port), optionsOf('disable'));
    expect(details).toMatchObject({ code: 'protocol-mismatch' });
    expect(driver).not.toHaveBeenCalled();
    expect(server.accepted.length).toBe(1);
  });
  test('a listener that sends on to itself for ever is left', async () => {
    await using server = await plainServer((socket) => {
      const self = `(ADDRESS=(PROTOCOL=tcp)(HOST=127.0.0.1)(PORT=${server.port}))`;
      socket.once('data', () => socket.write(redirect(self)));
    });
    const { details } = await runSourceTest(oracle, targetOf(server.port), optionsOf('disable'));
    expect(details).toMatchObject({ code: 'protocol-mismatch' });
    expect(server.accepted.length).toBe(3);
  });
  test('a listener that wants to begin again for ever is left', async () => {
    const resend = Buffer.from([0, 8, 0, 0, 11, 8, 0, 0]); // with TLS anew
    await using server = await plainServer((socket) => {
      socket.on('data', () => socket.write(resend));
    });
    const { details } = await runSourceTest(oracle, targetOf(server.port), optionsOf('disable'));
    expect(details).toMatchObject({ code: 'protocol-mismatch' });
  });
  test.each([
    ['an alias of some file', 'ORCL'],
    ['nothing', ''],
    ['half an address', '(DESCRIPTION=(ADDRESS='],
    ['a file', '(ADDRESS=(PROTOCOL=ipc)(KEY=/tmp/x))'],
  ])('a listener that sends on to %s does not get far', async (_, address) => {
    await using server = await plainServer((socket) => {
      socket.once('data', () => socket.write(redirect(address)));
    });
    const { steps } = await runSourceTest(oracle, targetOf(server.port), optionsOf('disable', 'ca.crt', 2));
    expect(steps.find(({ status }) => status === 'failed')).toMatchObject({ step: 'authenticate' });
    expect(server.accepted.length).toBe(1);
  });
  test('a listener that answers without end is left before it fills our memory', async () => {
    let sent = 0;
    // Whole packets of data, which belong to nothing that was asked.
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
    const { steps } = await runSourceTest(oracle, targetOf(server.port), optionsOf('disable', 'ca.crt', 3));
    expect(steps.find(({ status }) => status === 'failed')).toMatchObject({ step: 'authenticate' });
    expect(sent).toBeLessThan(2 ** 26);
  });
  test('a server that resets says so', async () => {
    expect(await against('reset')).toMatchObject({ code: 'connection-reset' });
  });
  test('an HTTP server speaks another protocol', async () => {
    expect(await against(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))).toMatchObject({
      code: 'protocol-mismatch',
    });
  });
  test.each([
    ['a packet shorter than its head', Buffer.from([0, 1, 0, 0, 2, 0, 0, 0])],
    ['an acceptance without an end', Buffer.from([0, 9, 0, 0, 2, 0, 0, 0, 1])],
    ['noise of the right kind', Buffer.from([0, 40, 0, 0, 2, 0, 0, 0, ...Array<number>(32).fill(0xff)])],
  ])('%s does not get far', async (_, answer) => {
    expect(await against(answer, 0.5)).toMatchObject({ code: expect.any(String) });
  });
});
