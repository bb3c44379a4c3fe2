import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { toCanonicalHost } from '../../shared/network/to-canonical-host.ts';
import { createHostResolver, resolveHost } from '../../shared/network/resolve-host.ts';
import { dnsServer } from './servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'mooring-hosts-'));
const hosts = join(folder, 'hosts');
writeFileSync(
  hosts,
  '# 9.9.9.9 commented\n10.0.0.7 Alias.test other.test # alias\n\nfd12::7\talias.test\nnonsense alias.test\n',
);
afterAll(() => rmSync(folder, { recursive: true }));

const calm = () => new AbortController().signal;

test('finds all addresses of both families', async () => {
  await using dns = await dnsServer({ 'db.test': ['10.0.0.1', '10.0.0.2', 'fd12:0:0:0:0:0:0:1'] });
  const resolve = createHostResolver({ hosts, servers: [dns.server] });
  expect(await resolveHost('DB.test.', calm(), resolve)).toEqual(['10.0.0.1', '10.0.0.2', 'fd12::1']);
  expect(dns.questions()).toBe(2);
});

test('finds a name that has addresses of one family only', async () => {
  await using dns = await dnsServer({ 'six.test': ['fd12:0:0:0:0:0:0:1'], 'four.test': ['10.0.0.1'] });
  const resolve = createHostResolver({ hosts, servers: [dns.server] });
  expect(await resolveHost('six.test', calm(), resolve)).toEqual(['fd12::1']);
  expect(await resolveHost('four.test', calm(), resolve)).toEqual(['10.0.0.1']);
});

test('reports host-not-found for an unknown name, a name without addresses and an invalid name', async () => {
  await using dns = await dnsServer({ 'empty.test': [] });
  const resolve = createHostResolver({ hosts, servers: [dns.server] });
  await expect(resolveHost('nowhere.test', calm(), resolve)).rejects.toMatchObject({
    code: 'host-not-found',
    extras: { native_code: 'ENOTFOUND' },
  });
  await expect(resolveHost('empty.test', calm(), resolve)).rejects.toMatchObject({ code: 'host-not-found' });
  await expect(resolveHost('none.test', calm(), async () => [])).rejects.toMatchObject({
    code: 'host-not-found',
  });
  await expect(resolveHost('a host', calm(), async () => ['10.0.0.1'])).rejects.toMatchObject({
    code: 'host-not-found',
  });
});

test('reports host-not-found, not connection-refused, when the DNS server refuses', async () => {
  const refused = async () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
  await expect(resolveHost('db.test', calm(), refused)).rejects.toMatchObject({ code: 'host-not-found' });
});

test('reports a timeout, not host-not-found, when DNS does not answer in time', async () => {
  const silent = async () => Promise.reject(Object.assign(new Error('silent'), { code: 'ETIMEOUT' }));
  await expect(resolveHost('db.test', calm(), silent)).rejects.toMatchObject({
    code: 'timeout',
    extras: { native_code: 'ETIMEOUT' },
  });
});

test('reads the hosts file before DNS, and resolves localhost to loopback', async () => {
  await using dns = await dnsServer({ 'alias.test': ['8.8.8.8'], localhost: ['8.8.8.8'] });
  const resolve = createHostResolver({ hosts, servers: [dns.server] });
  expect(await resolveHost('alias.test', calm(), resolve)).toEqual(['10.0.0.7', 'fd12::7']);
  expect(await resolveHost('other.test', calm(), resolve)).toEqual(['10.0.0.7']);
  expect(await resolveHost('localhost', calm(), resolve)).toEqual(['127.0.0.1', '::1']);
  expect(
    await resolveHost('a.localhost.', calm(), createHostResolver({ hosts: join(folder, 'absent') })),
  ).toEqual(['127.0.0.1', '::1']);
  expect(dns.questions()).toBe(0);
});

test('stops waiting for a silent DNS server as soon as the work is aborted', async () => {
  const controller = new AbortController();
  await using dns = await dnsServer(undefined, () => controller.abort());
  const asked = createHostResolver({ hosts, servers: [dns.server] })('db.test', controller.signal);
  await expect(asked).rejects.toMatchObject({ code: 'ECANCELLED' });
});

test('resolves literal addresses without a lookup', async () => {
  const none = () => Promise.reject(new Error('asked'));
  expect(await resolveHost('0x7f.1', calm(), none)).toEqual(['127.0.0.1']);
  expect(await resolveHost('[FD12::0:1]', calm(), none)).toEqual(['fd12::1']);
});

test('toCanonicalHost gives a host one spelling', () => {
  expect(toCanonicalHost('Bücher.Example.')).toBe('xn--bcher-kva.example');
  expect(toCanonicalHost('my_db.internal')).toBe('my_db.internal');
  expect(toCanonicalHost('a'.repeat(254))).toBeUndefined();
});

test('a name has at most 253 characters, and a label at most 63', () => {
  const label = 'a'.repeat(63);
  expect(toCanonicalHost(`${label}.test`)).toBe(`${label}.test`);
  expect(toCanonicalHost(`a${label}.test`)).toBeUndefined();
  const long = `${`${label}.`.repeat(3)}${'a'.repeat(61)}`;
  expect([long.length, toCanonicalHost(long)]).toEqual([253, long]);
  expect(toCanonicalHost(`${long}a`)).toBeUndefined();
});
