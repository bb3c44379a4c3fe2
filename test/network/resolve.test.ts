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

test('all addresses of both families are found', async () => {
  await using dns = await dnsServer({ 'db.test': ['10.0.0.1', '10.0.0.2', 'fd12:0:0:0:0:0:0:1'] });
  const resolve = createHostResolver({ hosts, servers: [dns.server] });
  expect(await resolveHost('DB.test.', calm(), resolve)).toEqual(['10.0.0.1', '10.0.0.2', 'fd12::1']);
  expect(dns.questions()).toBe(2);
});

test('a name with addresses of one family is found', async () => {
  await using dns = await dnsServer({ 'six.test': ['fd12:0:0:0:0:0:0:1'], 'four.test': ['10.0.0.1'] });
  const resolve = createHostResolver({ hosts, servers: [dns.server] });
  expect(await resolveHost('six.test', calm(), resolve)).toEqual(['fd12::1']);
  expect(await resolveHost('four.test', calm(), resolve)).toEqual(['10.0.0.1']);
});

test('an unknown name, and one without addresses, is host-not-found', async () => {
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

test('a DNS server that refuses is not taken for the source', async () => {
  const refused = async () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
  await expect(resolveHost('db.test', calm(), refused)).rejects.toMatchObject({ code: 'host-not-found' });
});

test('DNS that does not answer in time is a timeout, not an unknown host', async () => {
  const silent = async () => Promise.reject(Object.assign(new Error('silent'), { code: 'ETIMEOUT' }));
  await expect(resolveHost('db.test', calm(), silent)).rejects.toMatchObject({
    code: 'timeout',
    extras: { native_code: 'ETIMEOUT' },
  });
});

test('the hosts file is asked first, and localhost is always this machine', async () => {
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

test('a silent DNS server is left at once when the work is given up', async () => {
  const controller = new AbortController();
  await using dns = await dnsServer(undefined, () => controller.abort());
  const asked = createHostResolver({ hosts, servers: [dns.server] })('db.test', controller.signal);
  await expect(asked).rejects.toMatchObject({ code: 'ECANCELLED' });
});

test('literals need no lookup', async () => {
  const none = () => Promise.reject(new Error('asked'));
  expect(await resolveHost('0x7f.1', calm(), none)).toEqual(['127.0.0.1']);
  expect(await resolveHost('[FD12::0:1]', calm(), none)).toEqual(['fd12::1']);
});

test('a host has one spelling', () => {
  expect(toCanonicalHost('Bücher.Example.')).toBe('xn--bcher-kva.example');
  expect(toCanonicalHost('my_db.internal')).toBe('my_db.internal');
  expect(toCanonicalHost('a'.repeat(254))).toBeUndefined();
});

test('a name has labels of 63 characters and 253 characters in all, at most', () => {
  const label = 'a'.repeat(63);
  expect(toCanonicalHost(`${label}.test`)).toBe(`${label}.test`);
  expect(toCanonicalHost(`a${label}.test`)).toBeUndefined();
  const long = `${`${label}.`.repeat(3)}${'a'.repeat(61)}`;
  expect([long.length, toCanonicalHost(long)]).toEqual([253, long]);
  expect(toCanonicalHost(`${long}a`)).toBeUndefined();
});
