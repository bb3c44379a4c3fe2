import { describe, expect, test } from '@jest/globals';
import { summarizeWebhookUrl } from './webhook-fixtures.ts';

describe('the URL of a webhook', () => {
  test.each([
    'https://hooks.example.com/x?y=1',
    'https://hooks.example.com:443/',
    'HTTPS://Hooks.Example.com',
    'https://1.1.1.1/x',
    'https://bücher.example/x',
    'https://[2606:4700::1111]/',
  ])('may be %s', (url) => expect(summarizeWebhookUrl(url)).toBe('accepted'));

  test.each([
    ['', 'an absolute https URL'],
    ['hooks.example.com', 'an absolute https URL'],
    ['/relative', 'an absolute https URL'],
    ['http://hooks.example.com/', 'an absolute https URL'],
    ['ftp://hooks.example.com/', 'an absolute https URL'],
    ['https://', 'an absolute https URL'],
    ['https://hooks.example.com/\n', 'an absolute https URL'],
    ['https://hooks.exam\tple.com/', 'an absolute https URL'],
    ['https://hooks.example.com\\@evil.example/', 'an absolute https URL'],
    ['https://user@hooks.example.com/', 'a URL without a user name and password'],
    ['https://user:pw@hooks.example.com/', 'a URL without a user name and password'],
    ['https://hooks.example.com/#x', 'a URL without a fragment'],
    ['https://hooks.example.com:8443/', 'a URL without a port: webhooks are sent to port 443'],
    ['https://hooks.example.com:22/', 'a URL without a port: webhooks are sent to port 443'],
  ])('%j is refused: expected %s', (url, expected) => expect(summarizeWebhookUrl(url)).toBe(expected));

  test.each([
    'https://127.0.0.1/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://localhost/',
    'https://localhost./',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://10.1.2.3/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data',
    'https://[fd00:ec2::254]/',
    'https://[fd12::1]/',
    'https://[64:ff9b::a01:203]/',
    'https://[2002:a01:203::1]/',
    'https://0.0.0.0/',
    'https://255.255.255.255/',
    'https://198.18.0.1/',
  ])('%s is refused, because its address is not public', (url) =>
    expect(summarizeWebhookUrl(url)).toBe('a URL with a public host that the egress policy allows'),
  );

  test('may be plain HTTP with a port only to loopback, and only where the policy permits it', () => {
    const local = { webhooks: { loopback: true } };
    for (const url of [
      'http://127.0.0.1:9999/x',
      'http://localhost:9999',
      'https://localhost:8443/',
      'http://[::1]:1/',
    ])
      expect(summarizeWebhookUrl(url, local)).toBe('accepted');
    // The policy for sources does not open loopback for webhooks.
    expect(summarizeWebhookUrl('http://127.0.0.1:9999/', { loopback: true })).not.toBe('accepted');
    for (const url of [
      'http://hooks.example.com/',
      'http://10.0.0.1:80/',
      'https://10.0.0.1/',
      'https://a.example:1/',
    ])
      expect(summarizeWebhookUrl(url, local)).not.toBe('accepted');
  });

  test('keeps to the list of the policy and its denied ranges', () => {
    expect(summarizeWebhookUrl('https://1.1.1.1/', { webhooks: { allow: ['8.8.8.0/24'] } })).not.toBe(
      'accepted',
    );
    expect(summarizeWebhookUrl('https://8.8.8.8/', { webhooks: { allow: ['8.8.8.0/24'] } })).toBe('accepted');
    expect(summarizeWebhookUrl('https://1.1.1.1/', { deny: ['1.1.1.0/24'] })).not.toBe('accepted');
    // What sources may be dialled says nothing about webhooks.
    expect(summarizeWebhookUrl('https://10.0.0.1/', { allow: ['10.0.0.0/8'] })).not.toBe('accepted');
    expect(summarizeWebhookUrl('https://10.0.0.1/', { webhooks: { allow: ['10.0.0.0/8'] } })).not.toBe(
      'accepted',
    );
  });
});
